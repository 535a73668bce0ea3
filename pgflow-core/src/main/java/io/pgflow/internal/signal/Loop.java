package io.pgflow.internal.signal;

import io.pgflow.DatabaseException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One job of the engine, done again and again on a thread of its own until it is told to stop.
 *
 * <p>A loop never gives up: when the database cannot be reached it tries again, after a pause that doubles up to about
 * {@link #LONGEST_PAUSE}, and soon when anybody in this process has got a connection again; any other exception is logged as the defect it
 * is, and the loop goes on too.
 */
public final class Loop {

    /** One round; it does its own waiting. */
    @FunctionalInterface
    public interface Round {
        void run() throws InterruptedException;
    }

    /** About the longest time in which it does not try, give or take a quarter. */
    public static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    private static final Logger log = LoggerFactory.getLogger(Loop.class);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(50);

    private final String name;
    private final Round round;
    private final Signals signals;
    private final Duration firstPause;
    private final Bell pause = new Bell();
    private final Bell stop = new Bell();
    private final Thread thread;
    private volatile boolean stopping;
    private volatile boolean failing;

    private Loop(String name, Signals signals, Round round, Duration firstPause) {
        this.name = name;
        this.signals = signals;
        this.round = round;
        this.firstPause = firstPause;
        this.thread = new Thread(this::run, name);
        this.thread.setDaemon(true);
    }

    /** Starts a loop; {@code name} names its thread, {@code signals} say when the database answers again. */
    public static Loop start(String name, Signals signals, Round round) {
        return start(name, signals, round, FIRST_PAUSE);
    }

    static Loop start(String name, Signals signals, Round round, Duration firstPause) {
        var loop = new Loop(name, signals, round, firstPause);
        loop.thread.start();
        return loop;
    }

    /** True while its last round failed. */
    public boolean isFailing() {
        return failing;
    }

    /** No further round begins; the one of now ends by itself. */
    public void stop() {
        stopping = true;
        stop.ring();
        pause.ring();
    }

    /** {@link #stop}, then waits for the round of now; interrupts it when that takes longer than {@code atMost}. */
    public void stopAndJoin(Duration atMost) {
        stop();
        if (Thread.currentThread() == thread) {
            return; // called from within the round, which ends the loop when it returns
        }
        try {
            thread.join(Math.max(1, atMost.toMillis()));
            if (thread.isAlive()) {
                thread.interrupt();
                thread.join(1000);
            }
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        Listening listening = signals.onReachable(this::tryNow);
        try {
            repeat();
        } finally {
            listening.close();
        }
    }

    private void repeat() {
        Duration nextPause = firstPause;
        Duration shortest = FIRST_PAUSE;
        while (!stopping) {
            try {
                round.run();
                nextPause = firstPause;
                shortest = FIRST_PAUSE;
                recovered();
            } catch (InterruptedException e) {
                log.debug("{}: interrupted", name); // only stopAndJoin means it; then the loop ends here
            } catch (RuntimeException | Error e) { // a loop that ends without a word is worse than any error
                report(e, nextPause);
                // Connections come and go where they are scarce: who is woken in vain waits longer each time.
                if (await(pause, nextPause)) {
                    await(stop, shortest);
                    shortest = longer(shortest);
                }
                nextPause = longer(nextPause);
            }
        }
    }

    /** Returns whether it was rung. */
    private boolean await(Bell bell, Duration around) {
        try {
            return bell.awaitAround(around);
        } catch (InterruptedException e) {
            log.debug("{}: interrupted while it paused", name);
            return false;
        }
    }

    private static Duration longer(Duration before) {
        Duration twice = before.multipliedBy(2);
        return twice.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : twice;
    }

    /** Somebody has got a connection; who has no trouble need not know. */
    private void tryNow() {
        if (failing) {
            pause.ring();
        }
    }

    private void report(Throwable e, Duration nextPause) {
        boolean expected = e instanceof DatabaseException database && database.isTransient();
        if (stopping && expected) {
            log.debug("{}: {}; it was to stop anyway", name, e.getMessage());
        } else if (!failing && expected) {
            log.warn("{}: {}; trying again until it works, next in about {}", name, e.getMessage(), nextPause);
        } else if (!expected) {
            log.error("{}: failed, trying again in about {}", name, nextPause, e);
        }
        failing = true;
    }

    private void recovered() {
        if (failing) {
            failing = false;
            log.info("{}: works again", name);
        }
    }
}
