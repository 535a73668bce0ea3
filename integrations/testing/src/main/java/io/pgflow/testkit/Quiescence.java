package io.pgflow.testkit;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Lets the engine work until nothing is left that can be done at the time that the clock shows. Whether something is left is asked of the
 * database: nobody holds a task, nothing waits for a worker and nothing is due, and two rounds of the engine changed nothing.
 */
final class Quiescence {

    private static final int CALM_ROUNDS = 2;
    /** A look may come while the last one is at work, and be lost on it. */
    private static final Duration LONGEST_ASK = Duration.ofMillis(250);

    private static final long LONGEST_PAUSE_MILLIS = 20;

    private final Engine engine;
    private final Questions questions;
    private final StandingClock clock;
    private final Turnstile turnstile;

    Quiescence(Engine engine, Questions questions, StandingClock clock, Turnstile turnstile) {
        this.engine = engine;
        this.questions = questions;
        this.clock = clock;
        this.turnstile = turnstile;
    }

    /** Returns whether nothing was left, before the time was over. The engine works on only if it did before. */
    boolean await(Duration patience) throws InterruptedException {
        boolean leaveOpen = turnstile.isOpen();
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            turnstile.open();
            Optional<Survey> calm = awaitCalm(deadline);
            if (leaveOpen) {
                return calm.isPresent();
            }
            if (!turnstile.close(deadline) || calm.isEmpty()) {
                return false;
            }
            if (survey().equals(calm.get())) { // else a claim that was on its way has found something
                return true;
            }
        }
    }

    Survey survey() {
        return Survey.of(questions, clock.now(), engine.workerId(), engine.killedWorkers());
    }

    /** Calm is a round in which the engine has asked, and nothing changed; a slow engine makes no calm. */
    private Optional<Survey> awaitCalm(long deadline) throws InterruptedException {
        Survey last = survey();
        long pause = 1;
        for (int calm = 0; calm < CALM_ROUNDS; ) {
            if (System.nanoTime() - deadline > 0) {
                return Optional.empty();
            }
            boolean asked = letAsk(deadline);
            Survey now = survey();
            boolean changed = now.lastEntry() != last.lastEntry();
            calm = !asked || changed || now.busy() ? 0 : calm + 1;
            pause = changed ? 1 : Math.min(pause * 2, LONGEST_PAUSE_MILLIS);
            last = now;
            if (now.busy()) {
                TimeUnit.MILLISECONDS.sleep(pause);
            }
        }
        return Optional.of(last);
    }

    /** Returns whether the engine has asked, since now, what there is to do. */
    private boolean letAsk(long deadline) throws InterruptedException {
        long asks = turnstile.asks();
        engine.pgflow().look();
        return turnstile.awaitAsk(asks, Math.min(deadline, System.nanoTime() + LONGEST_ASK.toNanos()));
    }
}
