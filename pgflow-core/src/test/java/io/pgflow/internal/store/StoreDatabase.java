package io.pgflow.internal.store;

import io.pgflow.embedded.TestDatabases;
import io.pgflow.sql.PgflowSchema;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/** A fresh database of the engine with stores on it, and the few words that the tests of the stores share. */
record StoreDatabase(PGSimpleDataSource dataSource, TaskStore tasks, RunStore runs) {

    static final Duration DEADLINE = Duration.ofSeconds(20);

    private static final String CHAIN = """
            {"name": "chain", "steps": [
                {"name": "first", "handler": "chain.first", "retryDelay": "PT0S"},
                {"name": "second", "handler": "chain.second", "after": ["first"]}],
             "returns": "second"}""";

    private static final String FAN = """
            {"name": "fan", "steps": [
                {"name": "each", "handler": "fan.each", "over": "$input"}], "returns": "each"}""";

    static StoreDatabase fresh() {
        PGSimpleDataSource made = (PGSimpleDataSource) TestDatabases.freshDatabase(PgflowSchema::migrate, "pgflow");
        return new StoreDatabase(made, tasks(made, DEADLINE), runs(made, DEADLINE));
    }

    static TaskStore tasks(DataSource dataSource, Duration deadline) {
        return Stores.tasks(new EngineConnections(dataSource, deadline));
    }

    static RunStore runs(DataSource dataSource, Duration deadline) {
        return Stores.runs(new EngineConnections(dataSource, deadline));
    }

    /** The same database, reached in another way. */
    PGSimpleDataSource another() {
        PGSimpleDataSource other = new PGSimpleDataSource();
        other.setUrl(dataSource.getUrl());
        other.setUser(dataSource.getUser());
        other.setPassword(dataSource.getPassword());
        return other;
    }

    long chain() {
        return runs.define(CHAIN).workflowId();
    }

    long fan() {
        return runs.define(FAN).workflowId();
    }

    long worker() {
        return worker(Duration.ofMinutes(1));
    }

    long worker(Duration expiresAfter) {
        return tasks.register(new WorkerRegistration(
                "tester", List.of("default"), List.of("chain.first", "chain.second", "fan.each"), expiresAfter));
    }

    static StartRequest request(long workflowId, String input) {
        return new StartRequest(
                UUID.randomUUID(),
                workflowId,
                input,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                2);
    }

    UUID start(long workflowId, String input) {
        return runs.start(List.of(request(workflowId, input)), null, null)
                .runIds()
                .get(0);
    }

    List<ClaimedTask> claim(long worker) {
        return tasks.claim(worker, "default", 100);
    }

    void execute(String sql) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    long number(String sql) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        }
    }
}
