package io.pgflow.benchmarks.contender;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import java.util.concurrent.atomic.LongAdder;
import javax.sql.DataSource;

/**
 * What each process enqueued and saw done, for a library that keeps nothing of what it has done.
 *
 * <p>A row for each process; they are only complete when every process has rested or closed.
 */
final class Tally {

    private final UUID process = UUID.randomUUID();
    private final LongAdder enqueued = new LongAdder();
    private final LongAdder done = new LongAdder();
    private final LongAdder failed = new LongAdder();

    static void install(DataSource database) throws SQLException {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("""
                    create table if not exists tally (
                        process   uuid primary key,
                        enqueued  bigint not null,
                        done      bigint not null,
                        failed    bigint not null
                    )""");
        }
    }

    void enqueued(long executions) {
        enqueued.add(executions);
    }

    void done() {
        done.increment();
    }

    void failed() {
        failed.increment();
    }

    void write(DataSource database) throws SQLException {
        try (Connection connection = database.getConnection();
                PreparedStatement statement = connection.prepareStatement("""
                        insert into tally (process, enqueued, done, failed) values (?, ?, ?, ?)
                        on conflict (process) do update
                        set enqueued = excluded.enqueued, done = excluded.done, failed = excluded.failed""")) {
            statement.setObject(1, process);
            statement.setLong(2, enqueued.sum());
            statement.setLong(3, done.sum());
            statement.setLong(4, failed.sum());
            statement.executeUpdate();
        }
    }

    /** Fails when something failed, was lost or was done twice. */
    static void check(DataSource database) throws SQLException {
        long enqueued = OneRow.number(database, "select coalesce(sum(enqueued), 0) from tally");
        long done = OneRow.number(database, "select coalesce(sum(done), 0) from tally");
        long failed = OneRow.number(database, "select coalesce(sum(failed), 0) from tally");
        if (done != enqueued || failed != 0) {
            throw new IllegalStateException(
                    enqueued + " executions were enqueued, " + done + " were done and " + failed + " failed");
        }
    }
}
