package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** However much history lies in the tables, and whatever the statistics say, the hot functions go by the same indexes. */
class PlanStabilityTest extends Specification {
    private static final int ROUNDS = 10;
    private static final int PART = 50_000;

    private final Set<String> faults = new TreeSet<>();
    private final Set<String> disorders = new TreeSet<>();

    /** Of each statement, by the call that it belongs to, the ways to what it reads at each size. */
    private final Map<String, Map<Integer, Set<String>>> ways = new TreeMap<>();

    private long worker;
    private long lastEntry = 50;
    private int finished;

    @BeforeEach
    void much_is_defined() {
        db.define("map", "each* -> sum");
        long flow = db.define("flow", "a -> b, c; b, c -> d");
        db.define("limited", "a", "a", "\"concurrency\": [{\"limit\": 2, \"by\": {\"$from\": \"$input\"}}]");
        worker = db.worker();
        db.execute("""
                with versions as (
                    insert into pgflow.workflows (name, version, checksum, definition, sinks, first_root, only_roots)
                    select w.name, n, sha256(n::text::bytea), w.definition, w.sinks, w.first_root, w.only_roots
                    from pgflow.workflows w
                    cross join generate_series(2, 5000) n
                    where w.workflow_id = %d
                    returning workflow_id
                )
                insert into pgflow.steps
                select (jsonb_populate_record(s, jsonb_build_object('workflow_id', v.workflow_id))).*
                from versions v
                cross join pgflow.steps s
                where s.workflow_id = %d
                """.formatted(flow, flow));
        db.execute("analyze pgflow.workflows, pgflow.steps");
    }

    @AfterEach
    void nothing_of_it_is_left() {
        db.execute(
                "truncate pgflow.tasks, pgflow.runs, pgflow.audit, pgflow.timers, pgflow.unsettled_steps, pgmq.q_pgf2_default,"
                        + " pgflow.gated_tasks, pgflow.gate_lines, pgflow.places, pgflow.used_units, pgflow.parked_tasks,"
                        + " pgflow.claim_rules");
    }

    @Test
    void the_hot_functions_go_by_the_same_indexes_at_every_size() {
        Session hot = session();
        young(hot);
        for (int rows : new int[] {0, 100_000, 600_000}) {
            work(hot, rows);
        }
        assertThat(faults).isEmpty();
        assertThat(disorders).isEmpty();
        assertThat(ways).hasSizeGreaterThan(50);
        assertThat(ways)
                .allSatisfy((statement, bySize) -> assertThat(Set.copyOf(bySize.values()))
                        .as("%s, by size: %s", statement, bySize)
                        .hasSize(1));
    }

    @Test
    void a_function_without_its_settings_is_found_out() {
        for (String function : new String[] {"claim_tasks", "_claim"}) {
            for (String setting : new String[] {"enable_seqscan", "enable_hashjoin"}) {
                db.execute("alter function pgflow." + function + " reset " + setting);
            }
        }
        Session hot = session();
        young(hot);
        work(hot, 0);
        assertThat(faults)
                .isNotEmpty()
                .allSatisfy(
                        fault -> assertThat(fault).startsWith("claim_tasks ").contains("with 0: _claim "));
    }

    @Test
    void a_new_database_that_grows_before_it_is_analyzed_goes_by_them_too() {
        Session hot = session();
        Plan.tell(hot);
        for (int rows : new int[] {0, 100_000}) {
            growTo(rows);
            for (int i = 0; i < ROUNDS; i++) {
                work(hot);
            }
        }
        assertThat(faults).isEmpty();
        assertThat(ways).hasSizeGreaterThan(50);
    }

    @Test
    void tasks_and_runs_are_locked_in_the_order_of_their_keys_in_every_minute_of_a_new_database() {
        for (int i = 0; i < 12; i++) {
            Session fresh = session();
            Plan.tell(fresh);
            work(fresh);
            for (int n = 0; n < 15; n++) {
                db.start("flow");
            }
        }
        assertThat(disorders).isEmpty();
    }

    /** The planner rightly reads a table whole that is hardly more than a page, so this is not the first minute of the database. */
    private void young(Session hot) {
        for (int i = 0; i < 300; i++) {
            hot.start("flow");
        }
        hot.drain(worker);
        db.execute("analyze");
    }

    /** Works with so many finished tasks around: by the plans of the size before, then with what the server knows of this one. */
    private void work(Session hot, int rows) {
        growTo(rows);
        Plan.tell(hot);
        for (int i = 0; i < ROUNDS; i++) {
            work(hot);
        }
        db.execute("analyze");
        for (int i = 0; i < ROUNDS; i++) {
            work(hot);
        }
    }

    private void work(Session hot) {
        watch(
                "start_runs",
                hot,
                () -> hot.row(
                        "select * from pgflow.start_runs((select array_agg(gen_random_uuid()) from generate_series(1, 60)),"
                                + " array_fill((select workflow_id from pgflow.workflows where name = 'flow' and version = 1), array[60]),"
                                + " array_fill('1'::jsonb, array[60]), null, null, null, null, null)"));
        UUID cancelled = hot.start("flow");
        UUID skipped = hot.start("flow");
        hot.start("map", "[1, 2, 3]");
        List<Claim> claims = watch("claim_tasks", hot, () -> hot.claim(worker, 100));
        List<Claim> good = claims.subList(0, claims.size() / 2);
        List<Claim> bad = claims.subList(claims.size() / 2, claims.size());
        watch("complete_tasks", hot, () -> hot.complete(worker, good, "1"));
        watch("complete_tasks again", hot, () -> hot.complete(worker, good, "1"));
        bad.forEach(claim -> watch("fail_tasks", hot, () -> hot.fail(worker, claim, claim.attempt() < 2, null)));
        hot.start("limited", "1");
        hot.start("limited", "2");
        watch("settle_steps", hot, () -> hot.row("select * from pgflow.settle_steps(100)"));
        control(hot);
        watch("cancel_runs", hot, () -> hot.cancel(cancelled));
        watch("skip_tasks", hot, () -> hot.skip(skipped, "a", "b"));
        hot.clock("1 minute");
        watch("fire_timers", hot, hot::fire);
        hot.clock("0");
        watch("event_page", hot, () -> hot.rows("select * from pgflow.event_page(?, '{[1,20)}', 100)", lastEntry - 50));
        watch("heartbeat", hot, () -> hot.heartbeat(worker, claims));
        watch("upkeep_due", hot, () -> hot.row("select * from pgflow.upkeep_due(?, true)", worker));
        hot.claim(briefWorker(hot), 5);
        watch("expire_workers", hot, () -> hot.row("select * from pgflow.expire_workers(1000)"));
        watch("recover_claims", hot, () -> hot.row("select * from pgflow.recover_claims(?, '{}', '{}', '{}')", worker));
        lastEntry = hot.count("select last_entry from pgflow.event_position()");
    }

    /** What is done only when something is limited or paused: by key as well, though what it reads beside may differ with its size. */
    private void control(Session hot) {
        faults("admit_tasks", hot, () -> hot.row("select * from pgflow.admit_tasks()"));
        hot.row("select * from pgflow.limit_queue('default', 1000, null, null)");
        hot.rows("select * from pgflow.pause('workflow', '{map}', null, null)");
        faults("claim_tasks", hot, () -> hot.claim(worker, 5));
        faults("resume", hot, () -> hot.row("select * from pgflow.resume('workflow', '{map}', null, null)"));
        hot.row("select * from pgflow.limit_queue('default', null, null, null)");
    }

    private static long briefWorker(Session session) {
        return session.row("select pgflow.register_worker('brief', '{default}',"
                        + " (select array_agg(distinct handler) from pgflow.steps), '1 microsecond') as id")
                .number("id");
    }

    private void faults(String call, Session session, Runnable function) {
        Plan.take(session);
        function.run();
        Plan.take(session).forEach(plan -> note(call, plan));
    }

    private void note(String call, Plan plan) {
        plan.faults().forEach(fault -> faults.add(call + " with " + finished + ": " + fault));
        disorders.addAll(plan.disorders());
    }

    private <T> T watch(String call, Session session, Supplier<T> function) {
        Plan.take(session);
        T result = function.get();
        for (Plan plan : Plan.take(session)) {
            note(call, plan);
            ways.computeIfAbsent(call + ", " + plan.place(), key -> new TreeMap<>())
                    .computeIfAbsent(finished, key -> new TreeSet<>())
                    .addAll(plan.ways());
        }
        return result;
    }

    /** A part at a time, so that a busy machine is done with each before the session's statements have to end. */
    private void growTo(int rows) {
        db.execute("set session_replication_role = replica");
        for (; finished < rows; finished += PART) {
            insertFinished(PART);
        }
        db.execute("set session_replication_role = origin");
    }

    private void insertFinished(int rows) {
        db.rows("""
                with run as (
                    insert into pgflow.runs (run_id, created_at, started_at, ended_at, workflow_id, events, remaining_sinks, priority, state, input)
                    select gen_random_uuid(), clock_timestamp(), clock_timestamp(), clock_timestamp(), 1, 2, 0, 2, 'SUCCEEDED', '1'
                    from generate_series(1, ?)
                    returning run_id
                ),
                task as (
                    insert into pgflow.tasks (run_id, workflow_id, item, fence, remaining, events, step, priority, attempts, state, output)
                    select run_id, 1, 0, 1, 0, 3, 1, 2, 1, 'SUCCEEDED', '1'
                    from run
                    returning run_id
                ),
                entry as (
                    insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt)
                    select run_id, clock_timestamp(), 0, 1, 0, 1, 1, 1, 1
                    from task
                    returning 1
                )
                select count(*) from entry
                """, rows);
    }
}
