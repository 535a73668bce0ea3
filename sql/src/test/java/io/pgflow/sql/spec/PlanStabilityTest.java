package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** However much history lies in the tables, and whatever the statistics say, the hot functions go by indexes. */
class PlanStabilityTest extends Specification {
    private final Map<String, Long> scanners = new TreeMap<>();
    private long lastEntry = 50;

    @Test
    void the_hot_functions_never_read_a_whole_table() {
        db.define("flow", "a -> b, c; b, c -> d");
        db.define("map", "each* -> sum");
        long worker = db.worker();
        int finished = 0;
        // One session for all: what a session counted becomes visible when that session is idle for long, or asks for
        // it.
        Session hot = session();
        for (int rows : new int[] {0, 100_000, 600_000}) {
            db.execute("alter table pgflow.tasks disable trigger all");
            insertFinished(rows - finished);
            db.execute("alter table pgflow.tasks enable trigger all");
            finished = rows;
            db.execute("analyze pgflow.tasks, pgflow.runs, pgflow.audit");
            for (int i = 0; i < 20; i++) {
                work(hot, worker);
            }
            assertThat(scanners)
                    .as("functions that scanned, with %s finished tasks", rows)
                    .isEmpty();
        }
        db.execute(
                "truncate pgflow.tasks, pgflow.runs, pgflow.audit, pgflow.timers, pgflow.map_progress, pgmq.q_pgf2_default");
    }

    private void work(Session hot, long worker) {
        watch(
                "start_runs",
                hot,
                () -> hot.row(
                        "select * from pgflow.start_runs((select array_agg(gen_random_uuid()) from generate_series(1, 60)),"
                                + " array_fill((select workflow_id from pgflow.workflows where name = 'flow'), array[60]),"
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
        watch("fold_maps", hot, () -> hot.row("select * from pgflow.fold_maps(100)"));
        watch("cancel_runs", hot, () -> hot.cancel(cancelled));
        watch("skip_tasks", hot, () -> hot.skip(skipped, "a", "b"));
        hot.clock("1 minute");
        watch("fire_timers", hot, hot::fire);
        hot.clock("0");
        watch("event_page", hot, () -> hot.rows("select * from pgflow.event_page(?, '{[1,20)}', 100)", lastEntry - 50));
        watch(
                "heartbeat",
                hot,
                () -> hot.row(
                        "select * from pgflow.heartbeat(?, ?, ?, ?, ?)",
                        worker,
                        Session.ids(claims),
                        Session.steps(claims),
                        Session.items(claims),
                        Session.fences(claims)));
        watch("recover_claims", hot, () -> hot.row("select * from pgflow.recover_claims(?, '{}', '{}', '{}')", worker));
        lastEntry = hot.count("select last_entry from pgflow.event_position()");
    }

    private <T> T watch(String name, Session session, Supplier<T> call) {
        long before = scans(session);
        T result = call.get();
        long scans = scans(session) - before;
        if (scans > 0) {
            scanners.merge(name, scans, Long::sum);
        }
        return result;
    }

    private static long scans(Session session) {
        session.execute("select pg_stat_force_next_flush()");
        return session.count(
                "select coalesce(sum(seq_scan), 0) from pg_stat_user_tables where schemaname = 'pgflow' and relname in ('runs', 'tasks', 'audit', 'claims')");
    }

    private void insertFinished(int rows) {
        db.rows("""
                with inserted as (
                    insert into pgflow.tasks (run_id, workflow_id, item, fence, remaining, events, step, priority, attempts, state, output)
                    select gen_random_uuid(), 1, 0, 1, 0, 3, 1, 2, 1, 'SUCCEEDED', '1'
                    from generate_series(1, ?)
                    returning 1
                )
                select count(*) from inserted
                """, rows);
    }
}
