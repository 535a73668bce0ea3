package io.pgflow.sql;

import static io.pgflow.sql.Sql.execute;
import static io.pgflow.sql.Sql.query;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgflow.embedded.TestDatabases;
import java.sql.SQLException;
import java.util.Comparator;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

class OwnPgmqTest extends PgmqContractTest {
    private static final Comparator<String> BY_NUMBER = Comparator.comparing(Long::valueOf);

    @Override
    DataSource databaseWithPgmq() {
        return TestDatabases.freshDatabase(database -> execute(database, PgmqChoice.ownSql()), "own_pgmq");
    }

    @Test
    void a_queue_is_vacuumed_by_the_number_of_its_dead_rows() {
        assertThat(query(database(), "select unnest(reloptions) from pg_class where oid = 'pgmq.q_q'::regclass"))
                .contains("autovacuum_vacuum_scale_factor=0", "autovacuum_vacuum_threshold=1000");
    }

    @Test
    void read_and_pop_give_messages_in_the_order_of_their_ids() {
        execute(database(), "select pgmq.send_batch('q', array(select to_jsonb(n) from generate_series(1, 300) n))");
        execute(database(), "update pgmq.q_q set read_ct = 1 where msg_id % 3 = 0");

        assertThat(query(database(), "select msg_id from pgmq.read('q', 0, 200)"))
                .hasSize(200)
                .isSortedAccordingTo(BY_NUMBER);
        execute(database(), "update pgmq.q_q set vt = now()");
        assertThat(query(database(), "select msg_id from pgmq.pop('q', 100)"))
                .hasSize(100)
                .isSortedAccordingTo(BY_NUMBER);
    }

    @Test
    void set_vt_takes_times_and_many_messages() {
        execute(database(), "select pgmq.send_batch('q', array['1', '2', '3']::jsonb[], 600)");

        assertThat(query(database(), "select msg_id from pgmq.set_vt('q', array[1, 2, 99]::bigint[], 0)"))
                .containsExactlyInAnyOrder("1", "2");
        assertThat(query(database(), "select msg_id from pgmq.set_vt('q', 3, clock_timestamp())"))
                .containsExactly("3");
        assertThat(query(database(), "select msg_id from pgmq.set_vt('q', array[3]::bigint[], clock_timestamp())"))
                .containsExactly("3");
        assertThat(query(database(), "select msg_id from pgmq.read('q', 60, 9)"))
                .hasSize(3);
    }

    @Test
    void two_sessions_may_create_one_queue_at_once() throws SQLException {
        DataSource database = database();
        try (var one = database.getConnection();
                var two = database.getConnection()) {
            one.setAutoCommit(false);
            execute(one, "select pgmq.create('both')");
            Thread second = new Thread(() -> execute(two, "select pgmq.create('both')"));
            second.start();
            await().until(() -> !query(database, "select 1 from pg_locks where locktype = 'advisory' and not granted")
                    .isEmpty());
            one.commit();
            await().until(() -> !second.isAlive());
        }

        assertThat(query(database, "select queue_name from pgmq.list_queues() order by 1"))
                .containsExactly("both", "q");
    }
}
