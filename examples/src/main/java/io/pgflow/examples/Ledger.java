package io.pgflow.examples;

import io.pgflow.Pgflow;
import io.pgflow.dsl.FlowBuilder;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;

/** A step that writes into a table of the application and fails at first: the entry is there once. */
public final class Ledger {

    record Transfer(String account, int cents) {}

    static final StepKey<UUID> BOOK = StepKey.of("book", UUID.class);

    // region transactional
    static final Workflow<Transfer, UUID> TRANSFER = FlowBuilder.workflow("transfer", Transfer.class)
            .transactional(BOOK, (in, connection) -> {
                UUID entry = book(connection, in.input());
                if (in.task().attempt() == 1) {
                    throw new IllegalStateException("the first attempt fails after it wrote");
                }
                return entry;
            })
            .returns(BOOK);

    static UUID book(Connection connection, Transfer transfer) throws SQLException {
        try (var insert = connection.prepareStatement("insert into ledger values (?, ?, ?)")) {
            UUID entry = UUID.randomUUID();
            insert.setObject(1, entry);
            insert.setString(2, transfer.account());
            insert.setInt(3, transfer.cents());
            insert.executeUpdate();
            return entry;
        }
    }
    // endregion

    private Ledger() {}

    public static void main(String[] args) throws Exception {
        try (var database = ExampleDatabase.start();
                var connection = database.dataSource().getConnection();
                var statement = connection.createStatement()) {
            statement.execute("create table ledger (entry uuid, account text, cents int)");
            try (var pool = ExampleDatabase.pool(database.url());
                    var pgflow = Pgflow.on(database.dataSource())
                            .transactionalOn(pool)
                            .with(TRANSFER)
                            .start()) {
                var run = pgflow.executor().start(TRANSFER, new Transfer("rent", 90_000));
                run.await(Duration.ofMinutes(1));
            }
            try (var rows = statement.executeQuery("select count(*), sum(cents) from ledger")) {
                rows.next();
                System.out.println("entries: " + rows.getInt(1) + ", cents: " + rows.getInt(2));
            }
        }
    }
}
