package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * Random graphs of plain steps and random commands, against what the design expects after each. One seed is one history: a failure
 * names the seed, and {@code -DargLine=-Dseed=7} runs it alone; {@code -DargLine=-Dseeds=300} says how many are run, 20 if nothing is said.
 */
class RandomRunsTest extends Specification {
    private static final int COMMANDS = 60;
    private static final String[] MOVES =
            ("await enqueue schedule claim complete retry lose reschedule fail fall_back skip_failed skip_pending "
                            + "skip_scheduled skip_retrying set_pending cancel_pending cancel_scheduled cancel_running cancel_retrying restart restart_run succeed fail_run cancel_run")
                    .split(" ");

    private final List<String> history = new ArrayList<>();
    private final List<Claim> held = new ArrayList<>();
    private long worker;
    private int hours;

    @Test
    void the_tables_show_after_each_command_what_the_design_expects() {
        long first = Long.getLong("seed", 1);
        int seeds = System.getProperty("seed") == null ? Integer.getInteger("seeds", 20) : 1;
        for (long seed = first; seed < first + seeds; seed++) {
            play(seed);
        }
        if (seeds > 1) {
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
        db.defineJson(expected.definition(workflow));
        history.add(expected.definition(workflow));
        worker = db.worker();
        UUID run = db.start(workflow);
        for (int i = 0; i < COMMANDS; i++) {
            command(random, expected, run);
            db.settle();
            assertThat(db.states(run))
                    .as(() -> "-Dseed=" + seed + "\n" + String.join("\n", history))
                    .isEqualTo(expected.states());
        }
        db.cancel(run);
    }

    private void command(Random random, ExpectedRun expected, UUID run) {
        int step = random.nextInt(expected.steps());
        int chosen = random.nextInt(100);
        if (chosen < 35 || (held.isEmpty() && chosen < 80)) {
            claim(1 + random.nextInt(4), expected);
        } else if (chosen < 80) {
            report(held.remove(random.nextInt(held.size())), random.nextInt(10), expected);
        } else if (chosen < 86) {
            pass();
            db.fire();
            expected.retriesAreDue();
            history.add("retries are due");
        } else if (chosen < 90) {
            decide(step, random.nextBoolean(), expected, run);
        } else if (chosen < 93) {
            pass();
            db.expire();
            worker = db.worker();
            expected.lose();
            history.add("the worker is lost");
        } else if (chosen < 95) {
            db.cancel(run);
            expected.cancel();
            history.add("cancel");
        } else {
            db.retry(run);
            expected.retry();
            history.add("retry the run");
        }
    }

    private void decide(int step, boolean skip, ExpectedRun expected, UUID run) {
        String name = ExpectedRun.name(step);
        history.add((skip ? "skip " : "set output of ") + name);
        if (skip) {
            assertThat(db.skip(run, name).positions().size() == 1)
                    .as("%s", history)
                    .isEqualTo(expected.skip(step));
        } else {
            assertThat(db.setOutput(run, name, 0, "1").equals("set"))
                    .as("%s", history)
                    .isEqualTo(expected.setOutput(step));
        }
    }

    private void claim(int limit, ExpectedRun expected) {
        for (Claim claim : db.claim(worker, limit)) {
            expected.claim(claim.step() - 1);
            held.add(claim);
            history.add("claim " + claim.name() + " fence " + claim.fence());
        }
    }

    private void report(Claim claim, int how, ExpectedRun expected) {
        int step = claim.step() - 1;
        boolean counts = expected.isRunning(step) && isNewest(claim);
        history.add((how < 6 ? "complete " : how < 9 ? "fail " : "fail for good ") + claim.name() + " fence "
                + claim.fence());
        Report report =
                how < 6 ? db.complete(worker, claim) : how < 9 ? db.fail(worker, claim) : db.failForGood(worker, claim);
        assertThat(report.positions().isEmpty()).as("%s", history).isEqualTo(counts);
        if (counts && how < 6) {
            expected.complete(step);
        } else if (counts) {
            expected.fail(step, how < 9);
        }
    }

    /** Nobody, here only this test, has a later claim of the same task. */
    private boolean isNewest(Claim claim) {
        return held.stream().noneMatch(other -> other.step() == claim.step() && other.fence() > claim.fence());
    }

    private void pass() {
        hours++;
        db.clock(hours + " hours");
    }
}
