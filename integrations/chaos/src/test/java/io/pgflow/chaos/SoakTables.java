package io.pgflow.chaos;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.sql.DataSource;

/** What the server says of the engine's tables and connections. */
final class SoakTables {

    static final String ENGINE = "soak";

    private static final String BYTES = """
            select n.nspname || '.' || c.relname, pg_total_relation_size(c.oid)
            from pg_class c
            join pg_namespace n on n.oid = c.relnamespace
            where n.nspname in ('pgflow', 'pgmq') and c.relkind in ('r', 'p')
            """;
    private static final String ROWS = """
            select 'runs', count(*) from pgflow.runs
            union all select 'tasks', count(*) from pgflow.tasks
            union all select 'audit', count(*) from pgflow.audit
            union all select 'workers', count(*) from pgflow.workers
            union all select 'workflows', count(*) from pgflow.workflows
            union all select 'unfinished', count(*) from pgflow.runs where ended_at is null
            union all select 'messages', sum((xpath('/row/c/text()', query_to_xml(
                format('select count(*) as c from pgmq.%I', 'q_' || queue_name), false, true, '')))[1]::text::bigint)
            from pgmq.meta
            """;
    private static final String CONNECTIONS =
            "select 'all', count(*) from pg_stat_activity where application_name = '" + ENGINE + "'";

    private final DataSource dataSource;

    SoakTables(DataSource dataSource) {
        this.dataSource = dataSource;
    }

    Map<String, Long> bytes() throws SQLException {
        return numbers(BYTES);
    }

    Map<String, Long> rows() throws SQLException {
        return numbers(ROWS);
    }

    int connections() throws SQLException {
        return numbers(CONNECTIONS).get("all").intValue();
    }

    /** Plain: it gives back empty pages at the end of a table, and none of an index. */
    void vacuum() throws SQLException {
        for (String table : bytes().keySet()) {
            execute("vacuum (truncate) " + table);
        }
    }

    /** What is told while work goes on is kept for an hour; afterwards nobody needs it. */
    void forgetProgress() throws SQLException {
        while (!Evidence.lines(dataSource, "select pgflow.prune_progress('0')").equals(List.of("f"))) {
            Thread.onSpinWait();
        }
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private Map<String, Long> numbers(String query) throws SQLException {
        Map<String, Long> numbers = new TreeMap<>();
        try (Connection connection = dataSource.getConnection();
                var statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            while (row.next()) {
                numbers.put(row.getString(1), row.getLong(2));
            }
        }
        return numbers;
    }
}
