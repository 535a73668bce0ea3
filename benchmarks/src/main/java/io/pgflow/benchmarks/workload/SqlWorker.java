package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.ContenderDatabase;
import io.pgflow.benchmarks.harness.DatabaseServer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/** A worker without Java behind it: registered for everything, so that whoever speaks SQL can claim in its name. */
final class SqlWorker implements AutoCloseable {

    private final Connection connection;
    private final long id;

    SqlWorker(ContenderDatabase database) throws SQLException {
        connection = DatabaseServer.connect(database);
        id = number("""
                select pgflow.register_worker(
                    'sql', '{default}', array(select distinct s.handler from pgflow.steps s), '1 hour')
                """);
    }

    long id() {
        return id;
    }

    /** The newest version of a workflow. */
    long workflow(String name) throws SQLException {
        return number(
                "select w.workflow_id from pgflow.workflows w where w.name = ? order by w.version desc limit 1", name);
    }

    /** How many tasks wait. */
    int waiting() throws SQLException {
        return (int) number("select count(*) from pgmq.q_pgf2_default");
    }

    /** Hands back what it may still hold. */
    @Override
    public void close() throws SQLException {
        try (connection) {
            number("select (pgflow.retire_worker(" + id + ")).released");
        }
    }

    private long number(String sql, String... parameters) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) {
                statement.setString(i + 1, parameters[i]);
            }
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }
}
