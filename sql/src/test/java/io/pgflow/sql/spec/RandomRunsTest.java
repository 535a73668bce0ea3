package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.sql.spec.ExpectedStep.Kind;
import io.pgflow.sql.spec.ExpectedTask.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Random graphs of steps that work, map and ask people, with conditions, and random commands, against what the design expects after
 * each. One seed is one history: a failure shows it with its seed, and {@code -DargLine=-Dseed=7} runs it alone;
 * {@code -DargLine="-Dseed=101 -Dseeds=400"} runs so many from there on. The build runs 100, from 1.
 */
class RandomRunsTest extends Specification {
    private static final int COMMANDS = 60;
    private static final int COMMANDS_AFTER_SUCCESS = 5;
    private static final String[] MOVES =
            ("await enqueue schedule claim open complete retry lose release reschedule fail poison fall_back"
                            + " skip_failed skip_pending skip_scheduled skip_retrying skip_unmet skip_branch skip_deferred"
                            + " set_pending set_scheduled set_retrying set_deferred"
                            + " cancel_pending cancel_scheduled cancel_running cancel_retrying"
                            + " restart restart_run start succeed fail_run cancel_run")
                    .split(" ");
    /** No array to map over, a condition that does not hold, a rejection, a task that ends its workers. */
    private static final String[] CODES = {"PGF-DAT-010", "PGF-RUN-012", "PGF-RUN-017", "PGF-RUN-020"};

    private final List<String> history = new ArrayList<>();
    private final List<Claim> unreported = new ArrayList<>();
    private Random random;
    private ExpectedRun expected;
    private UUID run;
    private long worker;
    private int hours;

    @Test
    void the_tables_show_after_each_command_what_the_design_expects() {
        long first = Long.getLong("seed", 1);
        int seeds = Integer.getInteger("seeds", System.getProperty("seed") == null ? 100 : 1);
        for (long seed = first; seed < first + seeds; seed++) {
            try {
                play(seed);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError(String.join("\n", history), e);
            }
        }
        if (seeds >= 100) {
            assertThat(texts(
                            "select distinct t.name from pgflow.events e join pgflow.transitions t using (transition)"))
                    .contains(MOVES);
            assertThat(
                            texts(
                                    "select distinct e.detail -> 'error' ->> 'code' from pgflow.events e join pgflow.transitions t using (transition) where t.name = 'fail_run'"))
                    .contains(CODES);
        }
    }

    private String[] texts(String sql) {
        return db.texts(sql).toArray(String[]::new);
    }

    private void play(long seed) {
        random = new Random(seed);
        expected = new ExpectedRun(random);
        String workflow = "w" + seed;
        history.clear();
        unreported.clear();
        history.add("-Dseed=" + seed);
        history.add(expected.definition(workflow));
        db.defineJson(expected.definition(workflow));
        worker = db.worker();
        run = db.start(workflow, expected.input());
        settle();
        int left = COMMANDS;
        while (left > 0) {
            command();
            settle();
            left = expected.state() == State.SUCCEEDED ? Math.min(left, COMMANDS_AFTER_SUCCESS) - 1 : left - 1;
        }
        assertThat(db.rows("select * from pgflow.verify()")).isEmpty();
        compareOutputs();
        db.cancel(run);
    }

    private void settle() {
        db.settle();
        expected.settle();
        compare();
    }

    private void compare() {
        assertThat(db.states(run)).isEqualTo(expected.states());
    }

    private void compareOutputs() {
        String sizes = "select case when jsonb_typeof(output) = 'array' then jsonb_array_length(output) else "
                + ExpectedStep.NO_ARRAY + " end from pgflow.tasks where run_id = ? and step = ? and item = 0";
        expected.steps().stream()
                .filter(step -> step.kind != Kind.QUESTION && step.task.is(State.SUCCEEDED))
                .forEach(step -> assertThat(db.count(sizes, run, step.number))
                        .as(step.name())
                        .isEqualTo(step.gave));
    }

    private void command() {
        boolean endedBadly = expected.state() == State.FAILED || expected.state() == State.CANCELLED;
        int chosen = random.nextInt(100);
        if ((endedBadly && random.nextBoolean()) || chosen < 2) {
            retry();
        } else if (chosen < 30 || (unreported.isEmpty() && chosen < 65)) {
            claim();
        } else if (chosen < 47) {
            complete(some(unreported));
        } else if (chosen < 60) {
            fail(some(unreported));
        } else if (chosen < 65) {
            beat();
        } else if (chosen < 72) {
            fire();
        } else if (chosen < 82) {
            answer();
        } else if (chosen < 91) {
            endByHand();
        } else if (chosen < 94) {
            retire();
        } else if (chosen < 97) {
            lose();
        } else if (chosen < 98) {
            loseAllThatIsLeft();
        } else {
            cancel();
        }
    }

    private void claim() {
        int limit = 1 + random.nextInt(4);
        history.add("claim " + limit);
        long claimable = Math.min(limit, expected.scheduled());
        List<Claim> claims = db.claim(worker, limit);
        claims.forEach(claim -> history.add("  " + described(claim)));
        assertThat(claims).hasSize((int) claimable);
        claims.forEach(claim -> expected.claim(claim, run));
        unreported.addAll(claims);
    }

    private void complete(List<Claim> claims) {
        List<Integer> elements = claims.stream()
                .map(claim -> random.nextInt(8) == 0 ? ExpectedStep.NO_ARRAY : random.nextInt(4))
                .toList();
        List<String> outputs = elements.stream().map(ExpectedStep::array).toList();
        history.add("complete " + claims.stream().map(RandomRunsTest::described).toList() + " with " + outputs);
        List<Integer> stale = positionsOfStale(claims);

        Report report = db.complete(worker, claims, outputs);

        assertThat(report.positions()).isEqualTo(stale);
        assertNothingIsForgotten(report);
        IntStream.range(0, claims.size())
                .filter(i -> !stale.contains(i + 1))
                .forEach(i -> expected.complete(claims.get(i), elements.get(i)));
        if (random.nextInt(5) == 0) {
            history.add("the same again");
            assertThat(db.complete(worker, claims, outputs).positions()).isEqualTo(stale);
        }
        unreported.removeAll(claims);
    }

    private void fail(List<Claim> claims) {
        List<Boolean> retryable =
                claims.stream().map(claim -> random.nextInt(3) > 0).toList();
        history.add("fail " + claims.stream().map(RandomRunsTest::described).toList() + ", retryable " + retryable);
        List<Integer> stale = positionsOfStale(claims);

        Report report = db.fail(worker, claims, retryable, null);

        assertThat(report.positions()).isEqualTo(stale);
        assertNothingIsForgotten(report);
        List<Integer> counting = IntStream.range(0, claims.size())
                .filter(i -> !stale.contains(i + 1))
                .boxed()
                .toList();
        expected.fail(
                counting.stream().map(claims::get).toList(),
                counting.stream().map(retryable::get).toList());
        unreported.removeAll(claims);
    }

    private void assertNothingIsForgotten(Report report) {
        if (!report.toSettle()) {
            assertThat(db.count("select count(*) from pgflow.unsettled_steps")).isZero();
        }
    }

    private List<Integer> positionsOfStale(List<Claim> claims) {
        return IntStream.range(0, claims.size())
                .filter(i -> !expected.isHeldBy(claims.get(i)))
                .mapToObj(i -> i + 1)
                .toList();
    }

    private void beat() {
        history.add("heartbeat");
        assertThat(db.heartbeat(worker, unreported).list("lost", Integer.class))
                .isEqualTo(positionsOfStale(unreported));
    }

    private void fire() {
        history.add("an hour passes, and what is due fires");
        anHourPasses();
        db.fire();
        expected.fire();
    }

    private void answer() {
        List<ExpectedStep> open = expected.openQuestions();
        assertThat(db.texts("select step from pgflow.list_approvals(null, null, ?, 100)", run))
                .containsExactlyInAnyOrderElementsOf(
                        open.stream().map(ExpectedStep::name).toList());
        ExpectedStep question = any(open.isEmpty() ? expected.steps() : open);
        boolean approves = random.nextBoolean();
        history.add((approves ? "approve " : "reject ") + question.name());
        List<String> outcome = db.texts(
                "select outcome from pgflow.decide_approval(null, ?, ?, 'ada', '{}', ?)",
                run,
                question.name(),
                approves ? "approve" : "reject");
        agree(expected.answer(question, approves), outcome.get(0).equals("decided"));
    }

    private void endByHand() {
        List<ExpectedStep> maps = expected.mapsWithItems();
        ExpectedStep step = any(maps.isEmpty() || random.nextBoolean() ? expected.steps() : maps);
        int item = random.nextInt(step.items.size() + 2);
        switch (random.nextInt(3)) {
            case 0 -> {
                history.add("skip the step " + step.name());
                Report report = db.skip(run, step.name());
                agree(expected.skip(step), !report.positions().isEmpty());
                assertNothingIsForgotten(report);
            }
            case 1 -> {
                history.add("skip the task " + step.name() + "[" + item + "]");
                agree(
                        expected.endByHand(step, item, State.SKIPPED),
                        db.skipTask(run, step.name(), item).equals("skipped"));
            }
            default -> {
                history.add("give the output of " + step.name() + "[" + item + "]");
                agree(
                        expected.endByHand(step, item, State.SUCCEEDED),
                        db.setOutput(run, step.name(), item, ExpectedStep.array(1))
                                .equals("set"));
            }
        }
    }

    private void retire() {
        history.add("the worker stops");
        db.row("select * from pgflow.retire_worker(?)", worker);
        worker = db.worker();
        expected.retire();
    }

    private void lose() {
        history.add("an hour passes, and the worker is lost");
        anHourPasses();
        db.expire();
        worker = db.worker();
        expected.lose();
    }

    /** Something ends each worker that takes it. */
    private void loseAllThatIsLeft() {
        for (int i = 0; i < 3; i++) {
            claim();
            lose();
            settle();
        }
    }

    private void cancel() {
        history.add("cancel");
        agree(expected.cancel(), db.cancel(run).equals("cancelled"));
        compare();
    }

    private void retry() {
        history.add("retry the run");
        agree(expected.retry(), db.retry(run).equals("retried"));
    }

    private static void agree(boolean expected, boolean actual) {
        assertThat(actual).as("the command counts").isEqualTo(expected);
    }

    private static String described(Claim claim) {
        return claim.name() + "[" + claim.item() + "] under fence " + claim.fence();
    }

    private List<Claim> some(List<Claim> claims) {
        return random.nextInt(3) > 0
                ? List.of(any(claims))
                : claims.stream().filter(claim -> random.nextBoolean()).toList();
    }

    private <T> T any(List<T> from) {
        return from.get(random.nextInt(from.size()));
    }

    private void anHourPasses() {
        hours++;
        db.clock(hours + " hours");
        expected.anHourPasses();
    }
}
