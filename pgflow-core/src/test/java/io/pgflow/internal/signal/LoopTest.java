package io.pgflow.internal.signal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgflow.notify.Notifications;
import io.pgflow.testing.SilentNotifications;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LoopTest {

    private final AtomicInteger rounds = new AtomicInteger();
    private final Bell bell = new Bell();
    private final Notifications silent = SilentNotifications.start();
    private final Signals signals = new Signals(silent);
    private final AtomicReference<Loop> loop = new AtomicReference<>();

    @AfterEach
    void stop() {
        loop.get().stopAndJoin(Duration.ZERO);
        signals.close();
        silent.close();
    }

    @Test
    void an_error_does_not_end_a_loop() {
        start(() -> {
            if (rounds.incrementAndGet() == 1) {
                throw new StackOverflowError();
            }
            bell.await(Duration.ofMillis(1));
        });

        await().until(() -> rounds.get() > 2 && !loop.get().isFailing());
    }

    @Test
    void an_interrupt_that_is_not_meant_for_it_does_not_end_a_loop() {
        start(() -> {
            if (rounds.incrementAndGet() == 1) {
                Thread.currentThread().interrupt(); // as a listener of the application may leave the thread
            }
            bell.await(Duration.ofMillis(1));
        });

        await().until(() -> rounds.get() > 2);
    }

    @Test
    void a_loop_that_fails_says_so_until_it_works_again() {
        var mended = new CountDownLatch(1);
        start(() -> {
            rounds.incrementAndGet();
            if (mended.getCount() > 0) {
                throw new IllegalStateException("expected by the test");
            }
            bell.await(Duration.ofMillis(1));
        });

        await().until(() -> rounds.get() > 1 && loop.get().isFailing());
        mended.countDown();
        await().until(() -> !loop.get().isFailing());
    }

    @Test
    void a_round_that_does_not_end_is_interrupted_when_the_time_to_stop_is_over() {
        var interrupted = new CountDownLatch(1);
        start(() -> {
            rounds.incrementAndGet();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                interrupted.countDown();
                throw e;
            }
        });
        await().until(() -> rounds.get() == 1);

        loop.get().stopAndJoin(Duration.ofMillis(1));

        await().until(() -> interrupted.getCount() == 0);
        assertThat(rounds).hasValue(1);
    }

    @Test
    void a_loop_that_fails_tries_again_when_somebody_has_reached_the_database() {
        var mended = new CountDownLatch(1);
        loop.set(Loop.start(
                "pgflow-test",
                signals,
                () -> {
                    rounds.incrementAndGet();
                    if (mended.getCount() > 0) {
                        throw new IllegalStateException("expected by the test");
                    }
                    bell.await(Duration.ofMillis(1));
                },
                Duration.ofHours(1)));
        await().until(() -> loop.get().isFailing());
        mended.countDown();

        signals.reachable();

        await().until(() -> !loop.get().isFailing());
    }

    /** As many others, on a server that is short of connections: they come and go all the time. */
    @Test
    void a_loop_that_is_woken_in_vain_again_and_again_tries_less_and_less_often() {
        start(() -> {
            rounds.incrementAndGet();
            throw new IllegalStateException("expected by the test");
        });
        await().until(() -> rounds.get() > 1);

        long until = System.nanoTime() + Duration.ofSeconds(1).toNanos();
        while (System.nanoTime() < until) {
            signals.reachable();
            Thread.onSpinWait();
        }

        assertThat(rounds.get()).isLessThan(12);
    }

    private void start(Loop.Round round) {
        loop.set(Loop.start("pgflow-test", signals, round));
    }
}
