package io.pgflow.internal.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RecentTest {

    private final Recent<String, Integer> recent = new Recent<>(3, 100);

    @Test
    void what_was_put_is_kept() {
        recent.put("a", 1, 10);
        recent.put("b", 2, 10);

        assertThat(recent.get("a")).isEqualTo(1);
        assertThat(recent.get("b")).isEqualTo(2);
        assertThat(recent.get("c")).isNull();
    }

    @Test
    void of_too_many_the_one_that_was_not_used_for_longest_is_forgotten() {
        recent.put("a", 1, 10);
        recent.put("b", 2, 10);
        recent.put("c", 3, 10);
        recent.get("a");
        recent.put("d", 4, 10);

        assertThat(recent.get("b")).isNull();
        assertThat(recent.get("a")).isEqualTo(1);
        assertThat(recent.get("c")).isEqualTo(3);
        assertThat(recent.get("d")).isEqualTo(4);
    }

    @Test
    void a_heavy_one_makes_as_many_others_forgotten_as_it_takes() {
        recent.put("a", 1, 40);
        recent.put("b", 2, 40);
        recent.put("c", 3, 60);

        assertThat(recent.get("a")).isNull();
        assertThat(recent.get("b")).isEqualTo(2);
        assertThat(recent.get("c")).isEqualTo(3);

        recent.put("d", 4, 90);

        assertThat(recent.get("b")).isNull();
        assertThat(recent.get("c")).isNull();
        assertThat(recent.get("d")).isEqualTo(4);
    }

    @Test
    void what_is_too_heavy_is_kept_alone_until_the_next_comes() {
        recent.put("a", 1, 10);
        recent.put("b", 2, 1_000);

        assertThat(recent.get("a")).isNull();
        assertThat(recent.get("b")).isEqualTo(2);

        recent.put("c", 3, 10);

        assertThat(recent.get("b")).isNull();
        assertThat(recent.get("c")).isEqualTo(3);
    }

    @Test
    void what_is_put_again_weighs_what_it_weighs_now() {
        IntStream.range(0, 20).forEach(i -> recent.put("a", i, 60));
        recent.put("b", 2, 40);

        assertThat(recent.get("a")).isEqualTo(19);
        assertThat(recent.get("b")).isEqualTo(2);
    }
}
