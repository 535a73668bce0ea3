package io.pgflow.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** How many tasks a worker may expect to begin soon. */
class PaceTest {

    private static final Duration SOON = Duration.ofMillis(20);

    private final Pace pace = new Pace(0);

    @Test
    void nothing_is_expected_before_a_handler_has_ended() {
        assertThat(pace.within(SOON, millis(1000))).isZero();
    }

    @Test
    void as_many_are_expected_as_ended_lately() {
        for (int i = 0; i < 150; i++) {
            pace.ended(millis(i));
        }

        assertThat(pace.within(SOON, millis(149))).isEqualTo(20);
    }

    @Test
    void a_handler_a_second_lets_nothing_be_expected() {
        for (int i = 0; i < 10; i++) {
            pace.ended(millis(1000L * i));
            assertThat(pace.within(SOON, millis(1000L * i + 1))).isZero();
        }
    }

    @Test
    void what_ended_long_ago_says_nothing_about_soon() {
        for (int i = 0; i < 100; i++) {
            pace.ended(millis(i));
        }

        assertThat(pace.within(SOON, millis(200))).isZero();
    }

    @Test
    void the_first_ends_are_not_taken_for_a_pace_that_lasts() {
        for (int i = 0; i < 100; i++) {
            pace.ended(millis(1));
        }

        assertThat(pace.within(SOON, millis(1))).isLessThanOrEqualTo(100 * 20 / 50);
    }

    private static long millis(long millis) {
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }
}
