package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class StartRunTest extends Specification {
    private static final String START_WITH_KEY = "select pgflow.start_run('flow', '1', 'order 7') as run_id";

    @Test
    void steps_that_wait_for_nothing_are_scheduled_and_the_others_wait() {
        db.define("flow", "a, b -> c");
        UUID run = db.start("flow", "{\"x\": 1}");

        assertThat(db.states(run)).isEqualTo("RUNNING: a SCHEDULED, b SCHEDULED, c PENDING");
        assertThat(db.history(run)).containsExactly("start", "a enqueue", "b enqueue", "c await");
        Claim claim = db.claimOne(db.worker());
        assertThat(claim.input()).isEqualTo("{\"x\": 1}");
        assertThat(claim.outputs()).isNull();
    }

    /** Many of these starts come within a millisecond of the one before. */
    @Test
    void runs_sort_as_one_caller_started_them() {
        db.define("flow", "a");
        List<String> runs = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            runs.add(db.start("flow").toString());
        }

        assertThat(runs).isSorted().allMatch(run -> UUID.fromString(run).version() == 7);
    }

    @Test
    void concurrent_starts_with_one_idempotency_key_give_one_run() {
        db.define("flow", "a");
        List<CompletableFuture<UUID>> starts = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            Session session = session();
            starts.add(CompletableFuture.supplyAsync(
                    () -> session.row(START_WITH_KEY).uuid("run_id")));
        }

        assertThat(starts.stream().map(CompletableFuture::join).distinct()).hasSize(1);
        assertThat(db.count("select count(*) from pgflow.runs")).isEqualTo(1);
        assertThat(db.count("select count(*) from pgmq.q_pgf2_default")).isEqualTo(1);
    }

    @Test
    void an_idempotency_key_is_free_again_when_the_start_that_took_it_rolls_back() {
        db.define("flow", "a");
        Session other = session();
        other.begin();
        UUID never = other.row(START_WITH_KEY).uuid("run_id");
        Paused<UUID> second =
                Paused.blocked(session(), session(), s -> s.row(START_WITH_KEY).uuid("run_id"));
        other.rollback();

        assertThat(second.finish()).isNotEqualTo(never);
    }

    @Test
    void one_key_means_different_runs_for_different_workflows_but_not_for_versions_of_one() {
        db.define("flow", "a");
        db.define("other", "a");
        UUID first = db.row(START_WITH_KEY).uuid("run_id");
        db.define("flow", "a -> b");

        assertThat(db.row(START_WITH_KEY).uuid("run_id")).isEqualTo(first);
        assertThat(db.row("select pgflow.start_run('other', '1', 'order 7') as run_id")
                        .uuid("run_id"))
                .isNotEqualTo(first);
    }

    @Test
    void a_run_id_is_started_once_however_often_it_is_asked_for() {
        long workflow = db.define("flow", "a");
        UUID id = UUID.randomUUID();

        assertThat(startWithId(id, workflow)).isTrue();
        assertThat(startWithId(id, workflow)).isFalse();

        assertThat(db.states(id)).isEqualTo("RUNNING: a SCHEDULED");
    }

    /** Runs of one workflow with one step are started by statements of their own; next to another workflow they are not. */
    @Test
    void a_run_of_a_single_step_is_stored_alike_whatever_is_started_with_it() {
        long single = db.define("single", "work");
        long other = db.define("other", "a -> b");
        UUID alone = UUID.randomUUID();
        UUID together = UUID.randomUUID();

        List<String> wokenAlone = startTwo(alone, single, single);
        List<String> wokenTogether = startTwo(together, single, other);

        assertThat(wokenAlone).isEqualTo(wokenTogether).containsExactly("default");
        assertThat(stored(alone)).hasSize(4).isEqualTo(stored(together));
    }

    @Test
    void runs_of_a_single_step_go_to_the_queue_of_their_step() {
        long workflow = db.row(
                        "select workflow_id from pgflow.define_workflow("
                                + "'{\"name\": \"mail\", \"steps\": [{\"name\": \"send\", \"handler\": \"send\", \"queue\": \"slow\"}]}')")
                .number("workflow_id");

        assertThat(startTwo(UUID.randomUUID(), workflow, workflow)).containsExactly("slow");

        assertThat(db.count("select count(*) from pgmq.q_pgf2_slow")).isEqualTo(2);
    }

    @Test
    void a_batch_starts_what_is_new_and_names_the_holders_of_taken_keys() {
        long workflow = db.define("flow", "a");
        UUID holder = db.row(START_WITH_KEY).uuid("run_id");
        UUID[] ids = {UUID.randomUUID(), UUID.randomUUID(), UUID.randomUUID()};

        Row started = db.row(
                "select * from pgflow.start_runs(?, array_fill(?::bigint, array[3]), array_fill('1'::jsonb, array[3]),"
                        + " array['order 7', null, 'order 8'], null, null, null, 'ada')",
                ids,
                workflow);

        assertThat(started.list("run_ids", UUID.class)).containsExactly(holder, ids[1], ids[2]);
        assertThat(started.list("created", Boolean.class)).containsExactly(false, true, true);
        assertThat(db.count("select count(*) from pgflow.runs")).isEqualTo(3);
    }

    @Test
    void higher_priorities_are_claimed_first() {
        db.define("flow", "a");
        List<UUID> runs = new ArrayList<>();
        for (int priority : new int[] {3, 2, 1}) {
            runs.add(db.row("select pgflow.start_run('flow', p_priority => ?) as run_id", priority)
                    .uuid("run_id"));
        }
        long worker = db.worker();

        assertThat(List.of(
                        db.claimOne(worker).runId(),
                        db.claimOne(worker).runId(),
                        db.claimOne(worker).runId()))
                .containsExactly(runs.get(2), runs.get(1), runs.get(0));
    }

    @Test
    void a_claim_of_several_gives_higher_priorities_first() {
        db.define("flow", "only");
        for (int priority : new int[] {3, 2, 1, 3, 2, 1}) {
            db.row("select pgflow.start_run('flow', ?::jsonb, p_priority => ?)", "" + priority, priority);
        }

        assertThat(db.texts("select c.input from pgflow.claim_tasks(?, 'default', 10) c", db.worker()))
                .containsExactly("1", "1", "2", "2", "3", "3");
    }

    @Test
    void a_run_that_one_call_asks_for_twice_is_as_its_first_request_says() {
        db.define("single", "work");
        UUID now = UUID.randomUUID();
        UUID later = UUID.randomUUID();

        db.row(
                "select * from pgflow.start_runs(array[?, ?, ?, ?]::uuid[],"
                        + " array_fill((select workflow_id from pgflow.workflows), array[4]), array_fill('1'::jsonb, array[4]),"
                        + " null, null, array[null, '1 hour', '2 hours', '3 hours']::interval[], null, null)",
                now,
                now,
                later,
                later);

        assertThat(db.states(now)).isEqualTo("RUNNING: work SCHEDULED");
        assertThat(db.states(later)).isEqualTo("PENDING: work PENDING");
        assertThat(db.texts("select run_id::text from pgflow.timers")).containsExactly(later.toString());
    }

    @Test
    void a_delayed_run_begins_at_its_time_and_not_before() {
        db.define("flow", "a -> b");
        UUID run = db.startDelayed("flow", "1 hour");
        assertThat(db.states(run)).isEqualTo("PENDING: a PENDING, b PENDING");
        db.clock("59 minutes");
        assertThat(db.fire()).isZero();

        db.clock("61 minutes");

        assertThat(db.fire()).isEqualTo(1);
        assertThat(db.states(run)).isEqualTo("RUNNING: a SCHEDULED, b PENDING");
        assertThat(db.history(run)).containsExactly("delay", "a await", "b await", "begin", "a schedule");
        db.drain(db.worker());
        assertThat(db.states(run)).startsWith("SUCCEEDED");
    }

    @Test
    void a_delayed_run_whose_first_step_is_a_map_opens_it_when_it_begins() {
        db.define("flow", "each*");
        UUID run = db.startDelayed("flow", "1 hour");
        db.clock("2 hours");

        db.fire();
        db.settle();

        assertThat(db.states(run)).isEqualTo("SUCCEEDED: each SUCCEEDED");
    }

    @Test
    void a_start_in_a_transaction_that_rolls_back_leaves_nothing() {
        db.define("flow", "a, each* -> b");
        db.begin();
        db.row("select pgflow.start_run('flow', '[1, 2]', 'key', '{\"a\": \"b\"}', '1 hour')");
        db.row("select pgflow.start_run('flow', '[1, 2]', 'other key')");
        db.rollback();

        for (String table : List.of("runs", "tasks", "events", "idempotency_keys", "timers", "unsettled_steps")) {
            assertThat(db.count("select count(*) from pgflow." + table))
                    .as(table)
                    .isZero();
        }
        assertThat(db.count("select count(*) from pgmq.q_pgf2_default")).isZero();
    }

    @Test
    void a_started_run_is_invisible_until_the_caller_commits() {
        db.define("flow", "a");
        long worker = db.worker();
        Session caller = session();
        caller.begin();
        UUID run = caller.start("flow");
        assertThat(db.claim(worker, 10)).isEmpty();
        caller.commit();

        assertThat(db.claimOne(worker).runId()).isEqualTo(run);
    }

    @Test
    void an_unknown_workflow_is_refused() {
        assertRefused("PF001", "select pgflow.start_run('nothing')");
        assertRefused(
                "PF001",
                "select pgflow.start_runs(array[gen_random_uuid()], '{99}', '{1}', null, null, null, null, null)");
    }

    @Test
    void a_workflow_that_maps_over_its_input_needs_an_array() {
        db.define("flow", "each*");

        assertRefused("PF004", "select pgflow.start_run('flow', '{\"a\": 1}')");
        assertRefused("PF004", "select pgflow.start_run('flow')");
    }

    @Test
    void an_unknown_priority_is_refused() {
        db.define("flow", "a");

        assertRefused("PF004", "select pgflow.start_run('flow', p_priority => 4)");
    }

    /** Returns the queues that got work. */
    private List<String> startTwo(UUID first, long workflow, long second) {
        return db.row(
                        "select woken_queues from pgflow.start_runs(array[?, gen_random_uuid()], array[?, ?]::bigint[], '{1,2}',"
                                + " null, '{\"{}\",null}', null, null, 'ada')",
                        first,
                        workflow,
                        second)
                .list("woken_queues", String.class);
    }

    /** The rows of the run's first task and its own, without what differs from run to run. */
    private List<String> stored(UUID run) {
        return db.texts("""
                select (to_jsonb(r) - '{run_id,created_at,started_at}'::text[])::text from pgflow.runs r where r.run_id = $1
                union all
                select (to_jsonb(t) - '{run_id,message_id}'::text[])::text from pgflow.tasks t where t.run_id = $1
                union all
                select (to_jsonb(a) - '{run_id,entry,at}'::text[])::text from pgflow.audit a where a.run_id = $1
                union all
                select (m.message - 'run_id')::text
                from pgmq.q_pgf2_default m
                join pgflow.tasks t on t.message_id = m.msg_id and t.run_id = (m.message ->> 'run_id')::uuid
                where t.run_id = $1
                """.replace("$1", "'" + run + "'"));
    }

    private boolean startWithId(UUID id, long workflow) {
        return db.row(
                        "select created[1] as created from pgflow.start_runs(array[?::uuid], array[?::bigint], '{1}', null, null, null, null, null)",
                        id, workflow)
                .truth("created");
    }

    private void assertRefused(String state, String sql) {
        assertThatThrownBy(() -> db.row(sql))
                .isInstanceOfSatisfying(
                        SqlFailure.class, e -> assertThat(e.state()).isEqualTo(state));
        assertThat(db.count("select count(*) from pgflow.runs")).isZero();
    }
}
