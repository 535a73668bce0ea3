package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each pair of operations on the same two runs, in the orders that their pause points allow: one stands still in the middle, the other one
 * does what it can, then both go on. No pair deadlocks, and after each everything holds that must.
 */
class HeldPairsTest extends Specification {
    private enum Operation {
        START("start_runs-inserted"),
        CLAIM("claim_tasks-read"),
        COMPLETE("complete_tasks-runs-locked complete_tasks-tasks-locked resolve_dependents-locked"),
        FAIL("end_attempts-locked"),
        HEARTBEAT(""),
        REAP("end_attempts-locked"),
        CANCEL("cancel_runs-locked"),
        RETRY("retry_runs-locked"),
        APPROVE("decide_approval-locked"),
        TIME_OUT("fire_deadlines-locked"),
        SETTLE("settle_steps-locked settle_steps-counted");

        private final String points;

        Operation(String points) {
            this.points = points;
        }

        Stream<String> points() {
            return points.isEmpty() ? Stream.of() : Stream.of(points.split(" "));
        }
    }

    private final Map<Operation, Paused.Call<?>> calls = new EnumMap<>(Operation.class);
    private long worker;
    private List<Claim> held = List.of();
    private UUID going = new UUID(0, 0);
    private UUID failed = new UUID(0, 0);

    {
        calls.put(Operation.START, session -> session.start("flow"));
        calls.put(Operation.CLAIM, this::claim);
        calls.put(
                Operation.COMPLETE,
                session -> session.complete(worker, held.subList(held.size() / 2, held.size()), "[1]"));
        calls.put(Operation.FAIL, session -> session.failForGood(worker, held.get(0)));
        calls.put(Operation.HEARTBEAT, session -> session.heartbeat(worker, held));
        calls.put(Operation.REAP, session -> {
            session.clock("1 minute");
            return session.row("select * from pgflow.expire_workers(1000)");
        });
        calls.put(
                Operation.CANCEL,
                session -> session.rows(
                        "select * from pgflow.cancel_runs(?, 'ada', 'enough')", (Object) new UUID[] {going, failed}));
        calls.put(
                Operation.RETRY,
                session -> session.row(
                        "select * from pgflow.retry_runs(?, 'ada', 'mended')", (Object) new UUID[] {going, failed}));
        calls.put(
                Operation.APPROVE,
                session -> session.row(
                        "select * from pgflow.decide_approval(null, ?, 'ok', 'ada', '{clerk}', 'approve')", going));
        calls.put(Operation.TIME_OUT, session -> {
            session.clock("1 hour");
            return session.row("select * from pgflow.fire_deadlines()");
        });
        calls.put(Operation.SETTLE, session -> session.row("select * from pgflow.settle_steps(100)"));
    }

    static Stream<Arguments> pausePoints() {
        return Stream.of(Operation.values())
                .flatMap(operation -> operation.points().map(point -> Arguments.of(operation, point)));
    }

    @ParameterizedTest(name = "{0} at {1}")
    @MethodSource("pausePoints")
    void whatever_meets_an_operation_that_stands_still_neither_deadlocks_nor_breaks_a_rule(
            Operation first, String point) {
        db.defineJson("""
                {"name": "flow", "steps": [
                  {"name": "left", "handler": "h"}, {"name": "right", "handler": "h"},
                  {"name": "join", "handler": "h", "after": ["left", "right"]},
                  {"name": "each", "handler": "h", "over": "left"},
                  {"name": "ok", "approval": {"question": "May it?", "roles": ["clerk"]}},
                  {"name": "last", "handler": "h", "after": ["ok", "join"], "when": {"$from": "join", "exists": true}}]}
                """);
        for (Operation second : Operation.values()) {
            twoRuns(first);

            Paused<?> standing = pauseAt(
                    point,
                    session -> first == Operation.COMPLETE
                            ? session.complete(worker, held.get(0), "[1]")
                            : perform(first, session));
            Paused<?> other = Paused.begun(session(), session(), session -> perform(second, session));
            standing.resume();
            other.finish();

            db.settle();
            assertThat(db.rows("select * from pgflow.verify()"))
                    .as("%s at %s, and %s", first, point, second)
                    .isEmpty();
            drain();
        }
    }

    /** One whose first steps are at work, and one that has failed. */
    private void twoRuns(Operation first) {
        worker = db.worker();
        failed = db.start("flow");
        db.settle();
        db.failForGood(worker, db.claimOne(worker));
        going = db.row("select pgflow.start_run('flow', '[1]', p_deadline => '10 minutes') as run_id")
                .uuid("run_id");
        db.settle();
        held = db.claim(worker, first == Operation.CLAIM ? 1 : 2);
        assertThat(held).isNotEmpty().allMatch(claim -> claim.runId().equals(going));
        if (first == Operation.SETTLE) {
            db.complete(worker, held, "[1, 2]");
            held = db.claim(worker, 10);
            db.complete(worker, held, "1");
        }
    }

    private Object perform(Operation operation, Session session) {
        return calls.get(operation).on(session);
    }

    /** A worker that was declared lost meanwhile is told so. */
    private Object claim(Session session) {
        try {
            return session.claim(worker, 10);
        } catch (SqlFailure lost) {
            assertThat(lost.state()).isEqualTo("PF006");
            return lost;
        }
    }

    private void drain() {
        db.rows(
                "select * from pgflow.cancel_runs((select array_agg(run_id order by run_id) from pgflow.runs where ended_at is null), 'ada', null)");
        db.settle();
        db.row("select * from pgflow.retire_worker(?)", worker);
        assertThat(db.count("select count(*) from pgflow.runs where ended_at is null"))
                .isZero();
    }
}
