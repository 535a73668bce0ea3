package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.ContenderDatabase;
import io.pgflow.benchmarks.harness.DatabaseServer;
import io.pgflow.benchmarks.harness.Span;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.ExecutionException;

/**
 * What this machine and its server can do at this moment, in a measure that stays: narrow rows of a plain table, stored, changed and
 * deleted in batches, each in a commit of its own. Whoever changes anything here changes what every bound of the release check means.
 */
final class PlainSql {

    private static final int CONNECTIONS = 4;
    private static final int BATCH = 100;
    private static final int CALLS = 100;

    private PlainSql() {}

    /** Rows a second that went all the way. */
    static double rate(ContenderDatabase database) throws SQLException, InterruptedException, ExecutionException {
        try (Connection connection = DatabaseServer.connect(database);
                Statement statement = connection.createStatement()) {
            statement.execute("create schema if not exists plain");
            statement.execute("drop table if exists plain.rows");
            statement.execute("""
                    create table plain.rows (
                        id bigint generated always as identity primary key,
                        state smallint not null,
                        text text not null
                    )""");
        }
        Span span = Parallel.run(CONNECTIONS, () -> loop(database));
        return span.rate((double) CONNECTIONS * CALLS * BATCH);
    }

    private static int loop(ContenderDatabase database) throws SQLException {
        try (Connection connection = DatabaseServer.connect(database);
                PreparedStatement insert = connection.prepareStatement("""
                        with stored as (
                            insert into plain.rows (state, text)
                            select 1, 'a narrow row of about a hundred bytes, as a task without much to say would be'
                            from generate_series(1, ?)
                            returning id)
                        select array_agg(id) from stored""");
                PreparedStatement update =
                        connection.prepareStatement("update plain.rows set state = 2 where id = any (?)");
                PreparedStatement delete = connection.prepareStatement("delete from plain.rows where id = any (?)")) {
            insert.setInt(1, BATCH);
            int rows = 0;
            for (int i = 0; i < CALLS; i++) {
                Array ids = ids(insert);
                update.setArray(1, ids);
                update.executeUpdate();
                delete.setArray(1, ids);
                rows += delete.executeUpdate();
            }
            return rows;
        }
    }

    private static Array ids(PreparedStatement insert) throws SQLException {
        try (ResultSet row = insert.executeQuery()) {
            row.next();
            return row.getArray(1);
        }
    }
}
