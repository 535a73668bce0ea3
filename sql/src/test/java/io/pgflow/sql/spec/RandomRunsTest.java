package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.sql.spec.ExpectedTask.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Random graphs of steps that work, map and ask people, with conditions, and random commands, against what the design expects after
 * each. One seed is one history: a failure names the seed, and {@code -DargLine=-Dseed=7} runs it alone;
 * {@code -DargLine="-Dseed=101 -Dseeds=400"} runs so many from there on. The build runs 100, from 1.
 */
class RandomRunsTest extends Specification {
    private static final int COMMANDS = 60;
    private static final String[] MOVES =
            ("await enqueue schedule claim open complete retry lose reschedule fail poison fall_back"
                            + " skip_failed skip_pending skip_scheduled skip_retrying skip_unmet skip_branch skip_deferred"
                            + " set_pending set_scheduled set_retrying set_deferred"
                            + " cancel_pending cancel_scheduled cancel_running cancel_retrying"
                            + " restart restart_run succeed fail_run cancel_run")
                    .split(" ");

    private final List<String> history = new ArrayList<>();
    private final List<Claim> held = new ArrayList<>();
    private long worker;
    private int hours;

    @Test
    void the_tables_show_after_each_command_what_the_design_expects() {
        long first = Long.getLong("seed", 1);
        int seeds = Integer.getInteger("seeds", System.getProperty("seed") == null ? 100 : 1);
        for (long seed = first; seed < first + seeds; seed++) {
            play(seed);
        }
        if (seeds >= 100) {
            assertThat(moves()).contains(MOVES);
        }
    }

    private String[] moves() {
        return db.texts(
                        "select distinct t.name from pgflow.audit a join pgflow.transitions t on t.transition = a.transition")
                .toArray(String[]::new);
    }

    private void play(long seed) {
        Random random = new Random(seed);
        ExpectedRun expected = new ExpectedRun(random);
        String workflow = "w" + seed;
        history.clear();
        held.clear();
        history.add("-Dseed=" + seed);
        history.add(expected.definition(workflow));
        db.defineJson(expected.definition(workflow));
        worker = db.worker();
        UUID run = db.start(workflow, expected.input());
        db.settle();
        compare(expected, run);
        for (int i = 0; i < COMMANDS && expected.state() != State.SUCCEEDED; i++) {
            if (expected.state() == State.RUNNING || random.nextBoolean()) {
                command(random, expected, run);
            } else {
                db.retry(run);
                expected.retry();
                history.add("retry the run");
            }
            db.settle();
            compare(expected, run);
        }
        complete(List.copyOf(held), random, expected); // some come too late
        db.settle();
        compare(expected, run);
        db.cancel(run);
    }

    private void compare(ExpectedRun expected, UUID run) {
        assertThat(db.states(run)).as(() -> String.join("\n", history)).isEqualTo(expected.states());
    }

    private void command(Random random, ExpectedRun expected, UUID run) {
        int chosen = random.nextInt(100);
        if (chosen < 30 || (held.isEmpty() && chosen < 65)) {
            claim(1 + random.nextInt(4), expected);
        } else if (chosen < 40) {
            complete(List.copyOf(held), random, expected);
        } else if (chosen < 55) {
            complete(List.of(any(held, random)), random, expected);
        } else if (chosen < 65) {
            fail(any(held, random), random.nextInt(3) > 0, expected);
        } else if (chosen < 72) {
            anHourPasses(expected);
            db.fire();
            expected.fire();
            history.add("what is due fires");
        } else if (chosen < 82) {
            answer(random, expected, run);
        } else if (chosen < 90) {
            endByHand(random, expected, run);
        } else if (chosen < 96) {
            anHourPasses(expected);
            db.expire();
            worker = db.worker();
            expected.lose();
            history.add("the worker is lost");
        } else if (chosen < 98) {
            db.cancel(run);
            expected.cancel();
            history.add("cancel the run");
        } else {
            db.retry(run);
            expected.retry();
            history.add("retry the run, if it has ended badly");
        }
    }

    private void answer(Random random, ExpectedRun expected, UUID run) {
        List<ExpectedStep> open = expected.openQuestions();
        ExpectedStep question =
                open.isEmpty() ? expected.step(1 + random.nextInt(expected.steps())) : any(open, random);
        boolean approves = random.nextBoolean();
        history.add((approves ? "approve " : "reject ") + question.name());
        String outcome = db.row(
                        "select outcome from pgflow.decide_approval(null, ?, ?, 'ada', '{}', ?)",
                        run,
                        question.name(),
                        approves ? "approve" : "reject")
                .text("outcome");
        assertSame(expected.decide(question, approves), "decided".equals(outcome));
    }

    private void endByHand(Random random, ExpectedRun expected, UUID run) {
        List<ExpectedStep> maps = expected.mapsWithItems();
        ExpectedStep step = maps.isEmpty() || random.nextBoolean()
                ? expected.step(1 + random.nextInt(expected.steps()))
                : any(maps, random);
        int item = random.nextInt(step.items.size() + 1);
        int how = random.nextInt(3);
        history.add(List.of("skip ", "skip task ", "give the output of ").get(how) + step.name() + "[" + item + "]");
        if (how == 0) {
            boolean skipped = !db.skip(run, step.name()).positions().isEmpty();
            assertSame(expected.skip(step), skipped);
        } else if (how == 1) {
            assertSame(
                    expected.endByHand(step, item, State.SKIPPED),
                    db.skipTask(run, step.name(), item).equals("skipped"));
        } else {
            assertSame(
                    expected.endByHand(step, item, State.SUCCEEDED),
                    db.setOutput(run, step.name(), item, ExpectedRun.array(1)).equals("set"));
        }
    }

    private void assertSame(boolean expected, boolean actual) {
        assertThat(actual).as(() -> String.join("\n", history)).isEqualTo(expected);
    }

    private void claim(int limit, ExpectedRun expected) {
        for (Claim claim : db.claim(worker, limit)) {
            history.add("claim " + described(claim));
            expected.claim(claim);
            held.add(claim);
        }
    }

    private void complete(List<Claim> claims, Random random, ExpectedRun expected) {
        if (claims.isEmpty()) {
            return;
        }
        List<Integer> elements = claims.stream()
                .map(claim -> random.nextInt(30) == 0 ? ExpectedStep.NO_ARRAY : random.nextInt(4))
                .toList();
        List<Integer> stale = IntStream.range(0, claims.size())
                .filter(i -> !counts(claims.get(i), expected))
                .mapToObj(i -> i + 1)
                .toList();
        history.add("complete " + claims.stream().map(RandomRunsTest::described).toList() + " with " + elements);
        Report report = db.complete(
                worker, claims, elements.stream().map(ExpectedRun::array).toList());
        assertThat(report.positions()).as(() -> String.join("\n", history)).isEqualTo(stale);
        for (int i = 0; i < claims.size(); i++) {
            if (!stale.contains(i + 1)) {
                expected.complete(claims.get(i), elements.get(i));
            }
        }
        expected.settle();
        held.removeAll(claims);
    }

    private void fail(Claim claim, boolean retryable, ExpectedRun expected) {
        boolean counts = counts(claim, expected);
        history.add((retryable ? "fail " : "fail for good ") + described(claim));
        Report report = retryable ? db.fail(worker, claim) : db.failForGood(worker, claim);
        assertSame(counts, report.positions().isEmpty());
        if (counts) {
            expected.fail(claim, retryable);
        }
        held.remove(claim);
    }

    /** Nobody, here only this test, has a later claim of the same task. */
    private boolean counts(Claim claim, ExpectedRun expected) {
        return expected.isRunning(claim)
                && held.stream()
                        .noneMatch(other -> other.step() == claim.step()
                                && other.item() == claim.item()
                                && other.fence() > claim.fence());
    }

    private static String described(Claim claim) {
        return claim.name() + "[" + claim.item() + "] under fence " + claim.fence();
    }

    private static <T> T any(List<T> from, Random random) {
        return from.get(random.nextInt(from.size()));
    }

    private void anHourPasses(ExpectedRun expected) {
        hours++;
        db.clock(hours + " hours");
        expected.anHourPasses();
    }
}
