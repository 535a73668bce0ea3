package io.pgflow.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.embedded.TestDatabases;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The SQL that the documents show to operators works on a database as the migration makes it. */
class DocsSqlTest {
    private static DataSource database;

    @BeforeAll
    static void migrate() {
        database = TestDatabases.freshDatabase(PgflowSchema::migrate, "docs");
    }

    @Test
    void every_statement_of_the_operations_page_runs() throws SQLException {
        List<String> blocks = Docs.sqlBlocks(Docs.operations());

        assertThat(blocks).hasSizeGreaterThan(10);
        for (String block : blocks) {
            inTransaction(connection -> Sql.execute(connection, block));
        }
    }

    @Test
    void the_grants_are_enough_for_an_application() throws SQLException {
        inTransaction(connection -> {
            Docs.sqlBlocks(Docs.operations()).stream()
                    .filter(block -> block.contains("to pgflow_app"))
                    .forEach(block -> Sql.execute(connection, block));
            Sql.execute(connection, "set local role pgflow_app");

            Sql.execute(connection, """
                    select pgflow.define_workflow(
                        '{"name": "one", "steps": [{"name": "only", "handler": "one.only"}]}');
                    select pgflow.start_run('one');
                    select pgflow.register_worker('test', '{default}', '{one.only}');
                    select pgflow.complete_tasks(
                        w.worker_id, array_agg(t.run_id), array_agg(t.step), array_agg(t.item), array_agg(t.fence),
                        array_agg('1'::jsonb))
                    from pgflow.workers w
                    cross join lateral pgflow.claim_tasks(w.worker_id, 'default', 10) t
                    group by w.worker_id;
                    select pgflow.expire_workers(), pgflow.fire_timers(), pgflow.settle_steps();
                    select pgflow.heartbeat(w.worker_id, '{}', '{}', '{}', '{}') from pgflow.workers w;
                    select pgflow.retire_worker(w.worker_id) from pgflow.workers w;
                    select pgmq.metrics('pgf2_default');
                    """);
            assertThat(Sql.query(connection, "select state from pgflow.runs")).containsExactly("SUCCEEDED");
            assertThat(Sql.query(connection, "select problem from pgflow.verify()"))
                    .isEmpty();
        });
    }

    private interface Work {
        void on(Connection connection);
    }

    /** Rolled back, with the roles that the documents grant to. */
    private static void inTransaction(Work work) throws SQLException {
        try (Connection connection = database.getConnection()) {
            connection.setAutoCommit(false);
            Sql.execute(connection, "create role pgflow_app; create role pgflow_viewer");
            work.on(connection);
            connection.rollback();
        }
    }
}
