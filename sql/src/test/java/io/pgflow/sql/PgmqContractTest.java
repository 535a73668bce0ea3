package io.pgflow.sql;

import static io.pgflow.sql.Sql.execute;
import static io.pgflow.sql.Sql.query;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the engine relies on in pgmq. Both our SQL and the genuine extension must keep to it. */
abstract class PgmqContractTest {
    private DataSource database;

    /** A database with schema pgmq. */
    abstract DataSource databaseWithPgmq() throws Exception;

    @BeforeEach
    void makeQueue() throws Exception {
        database = databaseWithPgmq();
        execute(database, "select pgmq.create('q')");
    }

    @Test
    void send_returns_growing_ids_in_every_form() {
        assertThat(query(database, "select pgmq.send('q', '1')")).containsExactly("1");
        assertThat(query(database, "select pgmq.send('q', '1', 0)")).containsExactly("2");
        assertThat(query(database, "select pgmq.send('q', '1', '{\"h\": 1}'::jsonb)"))
                .containsExactly("3");
        assertThat(query(database, "select pgmq.send('q', '1', clock_timestamp())"))
                .containsExactly("4");
        assertThat(query(database, "select pgmq.send('q', '1', '{}'::jsonb, 0)"))
                .containsExactly("5");
        assertThat(query(database, "select pgmq.send('q', '1', '{}'::jsonb, clock_timestamp())"))
                .containsExactly("6");
        assertThat(query(database, "select pgmq.send(queue_name => 'q', msg => '1', delay => 0)"))
                .containsExactly("7");
        assertThat(query(database, "select msg_id from pgmq.read('q', 0, 10)")).hasSize(7);
    }

    @Test
    void send_batch_returns_the_ids_in_the_order_of_the_messages_in_every_form() {
        assertThat(query(
                        database,
                        "select pgmq.send_batch('q', array(select to_jsonb(n) from generate_series(1, 500) n))"))
                .isEqualTo(numbers(1, 500));
        assertThat(query(database, "select count(*) from pgmq.q_q where message::text = msg_id::text"))
                .containsExactly("500");

        String two = "array['{}', '{}']::jsonb[]";
        assertThat(query(database, "select pgmq.send_batch('q', " + two + ", 0)"))
                .isEqualTo(numbers(501, 502));
        assertThat(query(database, "select pgmq.send_batch('q', " + two + ", " + two + ")"))
                .isEqualTo(numbers(503, 504));
        assertThat(query(database, "select pgmq.send_batch('q', " + two + ", now())"))
                .isEqualTo(numbers(505, 506));
        assertThat(query(database, "select pgmq.send_batch('q', " + two + ", " + two + ", 0)"))
                .isEqualTo(numbers(507, 508));
        assertThat(query(database, "select pgmq.send_batch('q', " + two + ", null::jsonb[], now())"))
                .isEqualTo(numbers(509, 510));
    }

    @Test
    void headers_stay_with_their_messages() {
        execute(
                database,
                "select pgmq.send_batch('q', array['1', '2']::jsonb[], array['{\"h\": 1}', '{\"h\": 2}']::jsonb[])");

        assertThat(query(
                        database,
                        "select message::text || ' ' || (headers ->> 'h') from pgmq.read('q', 9, 9) order by msg_id"))
                .containsExactly("1 1", "2 2");
    }

    @Test
    void a_batch_of_nothing_or_with_unequal_headers_is_refused() {
        assertThatThrownBy(() -> execute(database, "select pgmq.send_batch('q', array[]::jsonb[])"))
                .hasMessageContaining("msgs cannot be NULL or empty");
        assertThatThrownBy(
                        () -> execute(database, "select pgmq.send_batch('q', array['1']::jsonb[], array[]::jsonb[])"))
                .hasMessageContaining("headers array length (0) must match msgs array length (1)");
    }

    @Test
    void a_read_message_is_hidden_and_counted_until_its_time_is_over() {
        execute(database, "select pgmq.send('q', '{\"a\": 1}')");

        assertThat(query(database, "select read_ct from pgmq.read('q', 60, 5)")).containsExactly("1");
        assertThat(query(database, "select read_ct from pgmq.read('q', 60, 5)")).isEmpty();
        assertThat(query(database, "select vt > clock_timestamp() + '50 s' from pgmq.q_q"))
                .containsExactly("t");
        assertThat(query(database, "select last_read_at is not null from pgmq.q_q"))
                .containsExactly("t");
        execute(database, "update pgmq.q_q set vt = clock_timestamp() - interval '1 ms'");
        assertThat(query(database, "select read_ct from pgmq.read('q', 60, 5)")).containsExactly("2");
    }

    @Test
    void read_takes_the_oldest_visible_messages_and_not_more_than_asked() {
        execute(database, "select pgmq.send_batch('q', array['1', '2', '3', '4', '5']::jsonb[])");
        execute(database, "select * from pgmq.set_vt('q', 2, 60)");

        assertThat(query(database, "select msg_id from pgmq.read('q', 60, 3)"))
                .containsExactlyInAnyOrder("1", "3", "4");
        assertThat(query(database, "select msg_id from pgmq.read('q', 60, 3)")).containsExactly("5");
        assertThat(query(database, "select msg_id from pgmq.read('q', 60, 3)")).isEmpty();
    }

    @Test
    void two_readers_do_not_wait_for_each_other_and_share_nothing() throws SQLException {
        execute(database, "select pgmq.send_batch('q', array['1', '2', '3']::jsonb[])");
        try (Connection one = database.getConnection();
                Connection two = database.getConnection()) {
            one.setAutoCommit(false);
            execute(two, "set lock_timeout = '5s'");

            assertThat(query(one, "select msg_id from pgmq.read('q', 60, 2)")).containsExactlyInAnyOrder("1", "2");
            assertThat(query(two, "select msg_id from pgmq.read('q', 60, 2)")).containsExactly("3");

            one.rollback();
            assertThat(query(two, "select msg_id from pgmq.read('q', 60, 2)")).containsExactlyInAnyOrder("1", "2");
        }
    }

    @Test
    void a_delayed_message_is_not_visible_before_its_time() {
        execute(database, "select pgmq.send('q', '1', 60)");
        execute(database, "select pgmq.send('q', '2', clock_timestamp() + interval '60 s')");
        execute(database, "select pgmq.send_batch('q', array['3']::jsonb[], 60)");

        assertThat(query(database, "select msg_id from pgmq.read('q', 60, 9)")).isEmpty();
        execute(database, "update pgmq.q_q set vt = clock_timestamp()");
        assertThat(query(database, "select msg_id from pgmq.read('q', 60, 9)")).hasSize(3);
    }

    @Test
    void a_conditional_read_takes_only_messages_that_contain_it() {
        execute(
                database,
                "select pgmq.send_batch('q', array['{\"k\": 1}', '{\"k\": 2, \"x\": 1}', '{\"k\": 2}']::jsonb[])");

        assertThat(query(database, "select msg_id from pgmq.read('q', 60, 9, '{\"k\": 2}')"))
                .containsExactlyInAnyOrder("2", "3");
        assertThat(query(database, "select msg_id from pgmq.read('q', 60, 9, conditional => '{}')"))
                .containsExactly("1");
    }

    @Test
    void delete_and_archive_answer_with_the_ids_that_were_there() {
        execute(database, "select pgmq.send_batch('q', array['1', '2', '3', '4', '5', '6']::jsonb[])");

        assertThat(query(database, "select pgmq.delete('q', array[1, 99, 2]::bigint[])"))
                .containsExactlyInAnyOrder("1", "2");
        assertThat(query(database, "select pgmq.archive('q', array[1, 3, 4]::bigint[])"))
                .containsExactlyInAnyOrder("3", "4");
        assertThat(query(database, "select pgmq.delete('q', array[]::bigint[])"))
                .isEmpty();
        assertThat(query(database, "select pgmq.delete('q', 5)")).containsExactly("t");
        assertThat(query(database, "select pgmq.delete('q', 5)")).containsExactly("f");
        assertThat(query(database, "select pgmq.archive('q', 6)")).containsExactly("t");
        assertThat(query(database, "select pgmq.archive('q', 6)")).containsExactly("f");
        assertThat(query(database, "select msg_id from pgmq.a_q where archived_at is not null order by 1"))
                .containsExactly("3", "4", "6");
        assertThat(query(database, "select message from pgmq.a_q order by msg_id"))
                .containsExactly("3", "4", "6");
        assertThat(query(database, "select msg_id from pgmq.q_q")).isEmpty();
    }

    @Test
    void set_vt_makes_a_message_visible_now_or_later_and_returns_it() {
        execute(database, "select pgmq.send('q', '1', 600)");

        assertThat(query(database, "select msg_id from pgmq.set_vt('q', 1, 0)")).containsExactly("1");
        assertThat(query(database, "select msg_id from pgmq.read('q', 600, 1)")).containsExactly("1");
        assertThat(query(database, "select msg_id from pgmq.set_vt('q', 1, 900)"))
                .containsExactly("1");
        assertThat(query(database, "select vt > clock_timestamp() + '800 s' from pgmq.q_q"))
                .containsExactly("t");
        assertThat(query(database, "select msg_id from pgmq.set_vt('q', 99, 0)"))
                .isEmpty();
    }

    @Test
    void pop_takes_the_oldest_messages_for_good() {
        execute(database, "select pgmq.send_batch('q', array['1', '2', '3']::jsonb[])");

        assertThat(query(database, "select msg_id from pgmq.pop('q')")).containsExactly("1");
        assertThat(query(database, "select msg_id from pgmq.pop('q')")).containsExactly("2");
        assertThat(query(database, "select msg_id from pgmq.q_q")).containsExactly("3");
    }

    @Test
    void messages_have_the_columns_that_the_engine_reads_by_name() {
        execute(database, "select pgmq.send('q', '{\"a\": 1}', '{\"b\": 2}'::jsonb)");

        assertThat(query(
                        database,
                        "select (msg_id, read_ct, enqueued_at is not null, vt is not null, message ->> 'a', headers ->> 'b')::text"
                                + " from pgmq.read('q', 60, 1)"))
                .containsExactly("(1,1,t,t,1,2)");
        assertThat(
                        query(
                                database,
                                "select attname from pg_attribute where attrelid = 'pgmq.q_q'::regclass and attnum > 0 order by attnum"))
                .contains("msg_id", "read_ct", "enqueued_at", "vt", "message", "headers");
        assertThat(query(database, "select indexdef from pg_indexes where schemaname = 'pgmq' and tablename = 'q_q'"))
                .anyMatch(index -> index.contains("UNIQUE") && index.endsWith("(msg_id)"));
    }

    @Test
    void an_empty_queue_gives_nothing() {
        assertThat(query(database, "select msg_id from pgmq.read('q', 60, 5)")).isEmpty();
        assertThat(query(database, "select msg_id from pgmq.pop('q')")).isEmpty();
    }

    @Test
    void names_that_differ_in_case_share_one_table() {
        execute(database, "select pgmq.create('Mixed')");
        execute(database, "select pgmq.create('mixed')");
        execute(database, "select pgmq.send('MIXED', '1')");

        assertThat(query(database, "select message from pgmq.q_mixed")).containsExactly("1");
        assertThat(query(database, "select queue_name from pgmq.list_queues() order by queue_name collate \"C\""))
                .containsExactly("Mixed", "mixed", "q");
    }

    @Test
    void bad_names_and_unknown_queues_are_errors() {
        assertThatThrownBy(() -> execute(database, "select pgmq.create('a;b')"))
                .hasMessageContaining("invalid characters");
        assertThatThrownBy(() -> execute(database, "select pgmq.create(repeat('a', 48))"))
                .hasMessageContaining("too long");
        assertThatThrownBy(() -> execute(database, "select pgmq.send('unknown', '1')"))
                .hasMessageContaining("q_unknown");
    }

    @Test
    void creating_a_queue_again_keeps_its_messages() {
        execute(database, "select pgmq.send('q', '1')");
        execute(database, "select pgmq.create('q')");

        assertThat(query(database, "select msg_id from pgmq.read('q', 60, 5)")).containsExactly("1");
    }

    @Test
    void metrics_count_all_visible_and_ever_sent_messages() {
        assertThat(query(database, "select total_messages from pgmq.metrics('q')"))
                .containsExactly("0");
        execute(database, "select pgmq.send_batch('q', array['1', '2', '3']::jsonb[])");
        execute(database, "select pgmq.send('q', '4', 60)");
        execute(database, "select pgmq.delete('q', 1)");

        assertThat(query(
                        database,
                        "select (queue_name, queue_length, queue_visible_length, total_messages, oldest_msg_age_sec >= 0)::text"
                                + " from pgmq.metrics('q')"))
                .containsExactly("(q,3,2,4,t)");
        assertThat(query(database, "select queue_length from pgmq.metrics_all()"))
                .containsExactly("3");
    }

    @Test
    void purge_and_drop_remove_messages_and_queue() {
        execute(database, "select pgmq.send_batch('q', array['1', '2']::jsonb[])");

        assertThat(query(database, "select pgmq.purge_queue('q')")).containsExactly("2");
        assertThat(query(database, "select pgmq.drop_queue('q')")).containsExactly("t");
        assertThat(query(database, "select pgmq.drop_queue('q')")).containsExactly("f");
        assertThat(query(database, "select count(*) from pgmq.list_queues()")).containsExactly("0");
        assertThat(query(database, "select to_regclass('pgmq.q_q') is null and to_regclass('pgmq.a_q') is null"))
                .containsExactly("t");
    }

    @Test
    void sent_messages_appear_with_the_commit_and_not_after_a_rollback() throws SQLException {
        try (Connection sender = database.getConnection()) {
            sender.setAutoCommit(false);
            execute(sender, "select pgmq.send('q', '1')");
            assertThat(query(database, "select msg_id from pgmq.read('q', 60, 5)"))
                    .isEmpty();
            sender.rollback();
            execute(sender, "select pgmq.send('q', '2')");
            sender.commit();
        }

        assertThat(query(database, "select message from pgmq.read('q', 60, 5)")).containsExactly("2");
    }

    @Test
    void everything_works_without_a_search_path() throws SQLException {
        try (Connection connection = database.getConnection()) {
            execute(connection, "set search_path = ''");
            execute(connection, "select pgmq.create('bare')");
            execute(connection, "select pgmq.send_batch('bare', array['1', '2']::jsonb[], 0)");
            execute(connection, "select pgmq.send('bare', '3', 0)");

            assertThat(query(connection, "select msg_id from pgmq.read('bare', 60, 1)"))
                    .containsExactly("1");
            assertThat(query(connection, "select msg_id from pgmq.set_vt('bare', 1, 0)"))
                    .containsExactly("1");
            assertThat(query(connection, "select pgmq.archive('bare', array[1]::bigint[])"))
                    .containsExactly("1");
            assertThat(query(connection, "select pgmq.delete('bare', array[2]::bigint[])"))
                    .containsExactly("2");
            assertThat(query(connection, "select queue_length from pgmq.metrics('bare')"))
                    .containsExactly("1");
            assertThat(query(connection, "select pgmq.drop_queue('bare')")).containsExactly("t");
        }
    }

    final DataSource database() {
        return database;
    }

    private static List<String> numbers(int first, int last) {
        return IntStream.rangeClosed(first, last).mapToObj(String::valueOf).toList();
    }
}
