package io.pgflow.internal.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class OutageTest {

    private long now = Long.MAX_VALUE - Duration.ofSeconds(10).toNanos(); // runs over: only differences say anything
    private final Outage outage = new Outage(Duration.ofSeconds(3), () -> now);

    @Test
    void a_question_that_is_answered_is_none() {
        ask();
        passes(60);
        ask();

        assertThat(outage.isRecent()).isFalse();
    }

    @Test
    void questions_that_fail_for_less_than_a_heartbeat_are_none() {
        fails();
        passes(3);
        ask();

        assertThat(outage.isRecent()).isFalse();
    }

    @Test
    void questions_that_fail_for_longer_are_one_and_it_is_recent_until_the_others_may_be_back() {
        fails();
        passes(2);
        fails();
        passes(2);
        ask();

        assertThat(outage.isRecent()).isTrue();
        passes(7);
        ask();
        assertThat(outage.isRecent()).isTrue();
        passes(1);
        assertThat(outage.isRecent()).isFalse();
    }

    @Test
    void an_answer_that_takes_longer_is_one_too() {
        outage.watch(() -> {
            passes(4);
            return "late";
        });

        assertThat(outage.isRecent()).isTrue();
    }

    private void ask() {
        assertThat(outage.watch(() -> "answer")).isEqualTo("answer");
    }

    private void fails() {
        assertThatThrownBy(() -> outage.watch(() -> {
                    throw new IllegalStateException("away");
                }))
                .hasMessage("away");
    }

    private void passes(int seconds) {
        now += Duration.ofSeconds(seconds).toNanos();
    }
}
