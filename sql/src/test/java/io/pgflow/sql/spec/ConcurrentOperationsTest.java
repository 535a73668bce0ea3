package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** Every operation meets every other one on the same few runs, on several connections, in an order that only the seed decides. */
class ConcurrentOperationsTest extends Specification {
    private static final long SEED = 42;
    private static final int ROUNDS = 2;
    private static final int STEPS = 12;

    private interface Operation {
        void run(Session session, Random random, List<UUID> runs, long worker);
    }

    private final Map<String, Operation> operations = new LinkedHashMap<>();
    /** What deferred tasks can be answered with, by anybody. */
    private final Queue<String> tokens = new ConcurrentLinkedQueue<>();

    {
        operations.put("start", (session, random, runs, worker) -> session.start("mesh", "[1, 2]"));
        operations.put("claim", (session, random, runs, worker) -> session.claim(worker, 1 + random.nextInt(5)));
        operations.put("complete", (session, random, runs, worker) -> {
            List<Claim> held = held(session, random);
            if (!held.isEmpty()) {
                session.complete(worker, held, "[1, 2]");
            }
        });
        operations.put(
                "transact",
                (session, random, runs, worker) ->
                        held(session, random).forEach(claim -> transact(session, worker, claim)));
        operations.put("reuse", (session, random, runs, worker) -> {
            List<Claim> held = held(session, random);
            if (!held.isEmpty()) {
                session.reuse(worker, held, "mesh", "1");
            }
        });
        operations.put(
                "fail",
                (session, random, runs, worker) -> held(session, random)
                        .forEach(claim -> session.fail(worker, claim, random.nextInt(4) > 0, null)));
        operations.put("heartbeat", (session, random, runs, worker) -> {
            List<Claim> held = held(session, random);
            session.heartbeat(worker, held);
        });
        operations.put("expire", (session, random, runs, worker) -> {
            long silent = session.worker();
            session.claim(silent, 2);
            session.execute(
                    "update pgflow.workers set heartbeat_at = now() - interval '1 hour' where worker_id = " + silent);
            session.expire();
        });
        operations.put(
                "cancel",
                (session, random, runs, worker) ->
                        session.rows("select * from pgflow.cancel_runs(?, 'ada', null)", (Object)
                                new UUID[] {any(runs, random), any(runs, random), any(runs, random)}));
        operations.put(
                "defer",
                (session, random, runs, worker) -> held(session, random).forEach(claim -> {
                    Deferring outside = new Deferring(session);
                    String token = outside.token(claim, random.nextBoolean() ? "1 millisecond" : null);
                    if (random.nextInt(4) > 0) {
                        outside.handOver(worker, claim);
                    }
                    if (random.nextInt(3) > 0) {
                        tokens.add(token);
                    }
                }));
        operations.put("answer", (session, random, runs, worker) -> {
            Deferring outside = new Deferring(session);
            String[] some = tokens.stream()
                    .filter(token -> random.nextBoolean())
                    .limit(6)
                    .toArray(String[]::new);
            switch (random.nextInt(4)) {
                case 0 -> outside.fail(random.nextBoolean(), some);
                case 1 -> outside.beat("1", some);
                default -> outside.complete("[1, 2]", some);
            }
        });
        operations.put(
                "move",
                (session, random, runs, worker) -> session.row(
                        "select * from pgflow.move_run(?, ?, 'ada', null)", any(runs, random), 1 + random.nextInt(2)));
        operations.put(
                "prune",
                (session, random, runs, worker) ->
                        session.row("select * from pgflow.prune_runs('{SUCCEEDED,CANCELLED}', '-1 second', 2)"));
        operations.put(
                "retry",
                (session, random, runs, worker) ->
                        session.row("select * from pgflow.retry_runs(?, 'ada', null)", (Object)
                                new UUID[] {any(runs, random), any(runs, random), any(runs, random)}));
        operations.put(
                "rerun",
                (session, random, runs, worker) -> session.rerun(
                        any(runs, random),
                        List.of("early", "left", "each", "tail").get(random.nextInt(4))));
        operations.put("set", (session, random, runs, worker) -> {
            session.setOutput(
                    any(runs, random), List.of("early", "right", "join", "each").get(random.nextInt(4)), 0, "[1]");
            session.setOutput(any(runs, random), "each", 1 + random.nextInt(3), "1");
            session.skipTask(any(runs, random), "each", 1 + random.nextInt(3));
        });
        operations.put("descend", (session, random, runs, worker) -> {
            runs.add(session.start("nest", "[1, 2, 3]"));
            session.settle();
            List<String> children = session.texts(
                    "select child_run_id from pgflow.sub_runs s join pgflow.runs r on r.run_id = s.child_run_id"
                            + " where r.ended_at is null order by hashtextextended(child_run_id::text, ?) limit 1",
                    random.nextLong());
            children.forEach(
                    child -> session.rows("select * from pgflow.cancel_runs(array[?::uuid], 'ada', null)", child));
        });
        operations.put("undo", (session, random, runs, worker) -> {
            // Which of the two that end runs comes first decides whether they are undone or go on.
            session.cancel(any(runs, random));
            if (random.nextBoolean()) {
                session.settle();
            }
            List<String> undoing = session.texts(
                    "select u.undo_run_id from pgflow.undo_runs u join pgflow.runs r on r.run_id = u.undo_run_id"
                            + " where r.ended_at is null order by hashtextextended(u.undo_run_id::text, ?) limit 2",
                    random.nextLong());
            undoing.forEach(run -> {
                session.cancel(UUID.fromString(run));
                if (random.nextBoolean()) {
                    session.retry(UUID.fromString(run));
                }
            });
            session.row("select * from pgflow.start_again(?, gen_random_uuid(), null, 'ada', null)", any(runs, random));
        });
        operations.put("settle", (session, random, runs, worker) -> session.settle());
        operations.put("fire", (session, random, runs, worker) -> session.fire());
        operations.put("admit", (session, random, runs, worker) -> {
            session.row("select * from pgflow.admit_tasks(3)");
            session.row("select * from pgflow.limit_queue('default', ?, 'ada', null)", 1 + random.nextInt(20));
        });
        operations.put("schedules", (session, random, runs, worker) -> {
            session.row(
                    "select * from pgflow.define_schedule('often', '{\"workflow\": \"mesh\", \"every\": \"PT1S\", \"input\": [1]}', 'ada', null)");
            session.row("""
                    select count(a.*) from pgflow.due_schedules() d cross join lateral pgflow.advance_schedules(
                        array[d.schedule_id], array[d.decided_until], array[d.asked_at], array[d.asked_at], array[null::timestamptz],
                        array[d.schedule_id], array[d.asked_at]) a
                    """);
            session.row("select * from pgflow.trigger_schedule('often', ?, 'ada', null)", any(runs, random));
        });
        operations.put("deadlines", (session, random, runs, worker) -> {
            session.row("select pgflow.start_run('mesh', '[1]', p_deadline => '1 millisecond')");
            session.clock(random.nextBoolean() ? "0" : "20 minutes");
            session.row("select * from pgflow.fire_deadlines()");
            session.clock("0");
        });
        operations.put("pause", (session, random, runs, worker) -> {
            String run = any(runs, random).toString();
            session.rows("select * from pgflow.pause('run', ?, 'ada', null)", (Object) new String[] {run});
            session.rows("select * from pgflow.pause('step', ?, 'ada', null)", (Object) new String[] {"mesh.each"});
        });
        operations.put("resume", (session, random, runs, worker) -> {
            String[] all = runs.stream().map(UUID::toString).toArray(String[]::new);
            session.row("select * from pgflow.resume('run', ?, 'ada', null)", (Object) all);
            session.row("select * from pgflow.resume('step', ?, 'ada', null)", (Object) new String[] {"mesh.each"});
        });
        operations.put(
                "skip",
                (session, random, runs, worker) ->
                        session.skip(any(runs, random), "left", "join", "sum", "maybe", "last", "nap", "told", "ok"));
        operations.put("signal", (session, random, runs, worker) -> {
            session.signal(any(runs, random), "go", "s" + random.nextInt(3));
            session.settle();
        });
        operations.put("decide", (session, random, runs, worker) -> {
            session.row(
                    "select * from pgflow.decide_approval(null, ?, 'ok', ?, '{clerk,head}', ?)",
                    any(runs, random),
                    "person" + random.nextInt(3),
                    random.nextInt(3) > 0 ? "approve" : "reject");
            session.settle();
        });
        operations.put("wake", (session, random, runs, worker) -> {
            session.clock("1 minute");
            session.fire();
            session.clock("0");
        });
    }

    @Test
    void every_pair_of_operations_on_the_same_runs_neither_deadlocks_nor_breaks_a_rule() {
        db.defineJson(mesh().replace("last", "other"));
        db.defineJson(mesh());
        db.define("leaf", "leaf(maxAttempts 2, retryDelay PT0.001S)");
        db.defineJson("""
                {"name": "nest", "steps": [
                  {"name": "subs", "workflow": "leaf", "over": "$input", "atOnce": 2, "collect": true, "retryDelay": "PT0.001S",
                   "deadline": "PT15M"},
                  {"name": "sub", "workflow": "leaf", "onFailure": "skip", "maxAttempts": 2, "retryDelay": "PT0.001S", "deadline": "PT10M"},
                  {"name": "left", "workflow": "leaf", "after": ["sub"], "onFailure": "fallback", "fallback": 0}]}
                """);
        db.execute(
                "insert into pgflow.cached_outputs values ('mesh', pgflow._key_hash('1'), '1', '[1, 2]', gen_random_uuid(), now(),"
                        + " now() + interval '1 day')");
        db.execute("create table ledger (run_id uuid, step int, item int)");
        long worker = db.worker();
        List<String> names = new ArrayList<>(operations.keySet());
        Session[] sessions = {session(), session(), session(), session()};
        for (int round = 0; round < ROUNDS; round++) {
            for (int i = 0; i < names.size(); i++) {
                for (int j = i; j < names.size(); j++) {
                    meet(names.get(i), names.get(j), sessions, worker, SEED + round * 1000L + i * 100L + j);
                }
            }
        }

        bringBack();
        db.rows("select * from pgflow.verify()").forEach(row -> assertThat(row).isNull());
        assertThat(db.texts("select l.run_id from ledger l join pgflow.tasks t using (run_id, step, item)"
                        + " group by 1, l.step, l.item, t.state having count(*) > 1 or t.state <> 'SUCCEEDED'"))
                .as("ledger rows that are no single row of a task that succeeded")
                .isEmpty();
        cancelSome();
        drainAll();
        assertThat(db.count("select count(*) from pgflow.runs where ended_at is null"))
                .isZero();
        assertThat(db.count("select count(*) from pgflow.undos where state = 'undone'"))
                .isPositive();
        assertThat(db.count("select count(*) from pgflow.runs where state = 'SUCCEEDED'"))
                .isPositive();
    }

    /** Joins, a map with a limit whose items may fail, conditions that hold in some runs, and what follows failures. */
    private static String mesh() {
        String mesh = WorkflowText.definition(
                "mesh",
                "root(maxAttempts 50, retryDelay PT0.001S) -> early(otherwise skip), left(onFailure skip, deadline PT15M), right; early, left, right -> join;"
                        + " root -> each*(atOnce 2, deadline PT10M) -> sum; root -> maybe(otherwise skipBranch) -> tail(onFailure fallback, fallback 0);"
                        + " tail, right -> both(onFailure skipBranch) -> last");
        mesh = mesh.substring(0, mesh.length() - "]}".length())
                + ", {\"name\": \"nap\", \"sleep\": \"PT30S\", \"after\": [\"root\"]},"
                + " {\"name\": \"told\", \"signal\": \"go\", \"within\": \"PT30S\", \"onFailure\": \"skip\", \"after\": [\"root\", \"nap\"]},"
                + " {\"name\": \"again\", \"signal\": \"go\", \"within\": \"PT30S\", \"onFailure\": \"skipBranch\"},"
                + " {\"name\": \"ok\", \"after\": [\"root\"], \"onFailure\": \"skip\", \"approval\": {\"question\": \"May it?\","
                + " \"quorum\": 2, \"roles\": [\"clerk\"], \"within\": \"PT30S\", \"rejectionFails\": true,"
                + " \"escalate\": [{\"roles\": [\"head\"], \"within\": \"PT30S\"}]}},"
                + " {\"name\": \"after_both\", \"handler\": \"mesh.after_both\", \"after\": [\"told\", \"again\", \"ok\"]}]}";
        mesh = WorkflowText.with(
                mesh,
                "each",
                "\"undo\": {\"handler\": \"undo.each\"}, \"collect\": true, \"concurrency\": [{\"limit\": 20, \"by\": {\"$from\": \"$item\"}}, {\"limit\": 30, \"name\": \"all\"}]");
        mesh = WorkflowText.with(
                mesh,
                "left",
                "\"concurrency\": [{\"limit\": 25, \"name\": \"all\"}], \"fairBy\": {\"$from\": \"root\", \"pointer\": \"/0\"}");
        mesh = WorkflowText.with(mesh, "root", "\"undo\": {\"handler\": \"undo.root\"}");
        mesh = WorkflowText.with(mesh, "right", "\"undo\": {\"handler\": \"undo.right\", \"maxAttempts\": 50}");
        mesh = WorkflowText.with(mesh, "tail", "\"when\": {\"$from\": \"$input\", \"exists\": true}");
        mesh = WorkflowText.with(
                mesh, "early", "\"when\": {\"$from\": \"$input\", \"pointer\": \"/2\", \"exists\": true}");
        return WorkflowText.with(
                mesh, "maybe", "\"when\": {\"$from\": \"$input\", \"pointer\": \"/1\", \"exists\": true}");
    }

    private void meet(String first, String second, Session[] sessions, long worker, long seed) {
        Random random = new Random(seed);
        tokens.clear();
        db.row("select * from pgflow.limit_queue('default', null, null, null)");
        // However slow the machine is, this worker is not lost to those that expire others.
        db.execute("update pgflow.workers set heartbeat_at = now() + interval '1 hour' where worker_id = " + worker);
        List<UUID> runs = new CopyOnWriteArrayList<>();
        for (int i = 0; i < 4; i++) {
            runs.add(i == 3 ? db.startDelayed("mesh", "1 millisecond") : db.start("mesh", "[1]"));
        }
        Claim root = db.claimOne(worker);
        db.complete(worker, root, "[1, 2, 3]");
        db.claim(worker, 3);

        List<CompletableFuture<Void>> threads = new ArrayList<>();
        for (int i = 0; i < sessions.length; i++) {
            Session session = sessions[i];
            Random own = new Random(random.nextLong());
            Operation operation = operations.getOrDefault(i % 2 == 0 ? first : second, (s, r, u, w) -> {});
            threads.add(CompletableFuture.runAsync(
                    () -> {
                        for (int step = 0; step < STEPS / 4; step++) {
                            operation.run(session, own, runs, worker);
                        }
                    },
                    task -> new Thread(task, "operation").start()));
        }
        for (CompletableFuture<Void> thread : threads) {
            try {
                thread.join();
            } catch (RuntimeException e) {
                throw new AssertionError(first + " meets " + second + ", seed " + seed + ": " + e.getMessage(), e);
            }
        }
    }

    /** A handler writes in the transaction that completes its task. */
    private static void transact(Session session, long worker, Claim claim) {
        session.begin();
        boolean completes = session.openTransaction(claim);
        if (completes) {
            session.row(
                    "insert into ledger values (?, ?, ?) returning step", claim.runId(), claim.step(), claim.item());
            completes = session.completeInTransaction(worker, claim, "[1, 2]")
                    .positions()
                    .isEmpty();
        }
        session.execute(completes ? "commit" : "rollback");
    }

    private static UUID any(List<UUID> runs, Random random) {
        return runs.get(random.nextInt(runs.size()));
    }

    /** Some of the tasks that run, whoever holds them, in an order of chance. */
    private static List<Claim> held(Session session, Random random) {
        return session
                .rows(
                        "select t.* from pgflow.tasks t where t.state = 'RUNNING' and t.deferred is null order by hashtextextended(t.run_id::text, ?) limit 6",
                        random.nextLong())
                .stream()
                .map(row -> new Claim(
                        row.uuid("run_id"),
                        row.integer("step"),
                        row.integer("item"),
                        row.integer("fence"),
                        1,
                        null,
                        null,
                        ""))
                .toList();
    }

    /**
     * Two operations move the clock of their own session only. They end attempts in what is the future to the sessions that
     * claim the tasks next, so the times of such ends say nothing, and become those of what was written after them.
     */
    private void bringBack() {
        db.execute("""
                update pgflow.audit a
                set at = l.at
                from (select b.entry, min(b.at) over (order by b.entry desc) as at from pgflow.audit b) l
                where l.entry = a.entry
                  and a.at > l.at + interval '20 seconds'
                  and a.transition in (select transition from pgflow.transitions where subject = 'task' and from_state = 'RUNNING')
                  and exists (
                      select
                      from pgflow.audit c
                      where c.run_id = a.run_id and c.step = a.step and c.item = a.item and c.transition = 4)
                """);
    }

    /** Of the runs that go on and have done something that can be undone, the first third: whatever the pairs left, there is undoing to do. */
    private void cancelSome() {
        UUID[] some = db
                .texts(
                        "select r.run_id from pgflow.runs r join pgflow.tasks t using (run_id)"
                                + " join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step"
                                + " where r.ended_at is null and t.state = 'SUCCEEDED' and s.name = 'root' and s.undo is not null order by 1")
                .stream()
                .map(UUID::fromString)
                .toArray(UUID[]::new);
        UUID[] third = Arrays.copyOf(some, (some.length + 2) / 3);
        assertThat(third).as("runs of which something is to be undone").isNotEmpty();
        db.rows("select * from pgflow.cancel_runs(?, 'ada', null)", (Object) third);
    }

    private void drainAll() {
        db.execute("update pgflow.workers set heartbeat_at = now() - interval '1 hour' where ended_at is null");
        db.expire();
        db.row("select * from pgflow.limit_queue('default', null, null, null)");
        db.rows("select p.scope, pgflow.resume(p.scope, array[p.name], null, null) from pgflow.paused() p");
        long worker = db.worker();
        long left = 1;
        for (int i = 0; left > 0 && i < 50; i++) {
            db.clock(i + 1 + " hours");
            db.fire();
            db.settle();
            do {
                db.drain(worker);
                db.settle();
            } while (db.row("select admitted from pgflow.admit_tasks()").integer("admitted") > 0);
            left = db.count("select count(*) from pgflow.runs where ended_at is null");
        }
    }
}
