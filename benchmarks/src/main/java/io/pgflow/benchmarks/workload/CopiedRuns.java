package io.pgflow.benchmarks.workload;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * Finished runs, copied with everything that belongs to them under new ids: a long past in a short time, in which every invariant
 * holds. Only for a database without running work.
 */
record CopiedRuns(Connection connection) {

    /** Runs in one transaction. */
    static final int MOST = 50_000;

    private static final List<String> TABLES = List.of("runs", "tasks", "audit");

    /** Makes so many copies of the first runs there are, in turn. */
    void copy(int originals, int copies) throws SQLException {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            // What the triggers guard are changes, and nothing changes here: a past is told again.
            statement.execute("set local session_replication_role = replica");
            statement.execute("""
                    create temporary table copies on commit drop as
                    select o.run_id as old_id, n, pgflow._time_ordered_id() as new_id
                    from generate_series(1, %d) n
                    join (select r.run_id, row_number() over (order by r.run_id) as k
                          from (select run_id from pgflow.runs order by run_id limit %d) r) o
                        on o.k = n %% %d + 1
                    """.formatted(copies, originals, originals));
            statement.execute("analyze copies");
            for (String table : TABLES) {
                statement.execute(copying(table));
            }
            connection.commit();
        } catch (SQLException e) {
            connection.rollback();
            throw e;
        } finally {
            connection.setAutoCommit(true);
        }
    }

    private String copying(String table) throws SQLException {
        List<String> columns = columns(table);
        List<String> values = columns.stream()
                .map(column -> column.equals("run_id") ? "c.new_id" : "o." + column)
                .toList();
        String order = table.equals("audit") ? "c.n, o.entry" : "c.n";
        return "insert into pgflow." + table + " (" + String.join(", ", columns) + ") select "
                + String.join(", ", values) + " from copies c join pgflow." + table
                + " o on o.run_id = c.old_id order by " + order;
    }

    /** All but those that the database fills. */
    private List<String> columns(String table) throws SQLException {
        var columns = new ArrayList<String>();
        try (PreparedStatement query = connection.prepareStatement("""
                select c.column_name
                from information_schema.columns c
                where c.table_schema = 'pgflow' and c.table_name = ?
                  and c.is_identity = 'NO' and c.is_generated = 'NEVER'
                order by c.ordinal_position
                """)) {
            query.setString(1, table);
            try (ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    columns.add(rows.getString(1));
                }
            }
        }
        return columns;
    }
}
