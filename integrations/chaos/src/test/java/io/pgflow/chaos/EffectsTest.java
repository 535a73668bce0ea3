package io.pgflow.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.chaos.Attempts.Task;
import io.pgflow.chaos.Effects.Said;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The witness itself: it speaks when it should, and is silent else. */
class EffectsTest {

    private static final Task TASK = new Task(new UUID(1, 1), "left", 0);

    @Test
    void one_effect_of_a_task_that_succeeded_is_as_it_should_be() {
        assertThat(wrong("SUCCEEDED", "SUCCEEDED", 0, 1)).isEmpty();
    }

    @Test
    void a_task_that_was_done_and_is_not_there_is_lost() {
        var effects = new Effects(Map.of(TASK, List.of(1)));

        assertThat(effects.wrong(Map.of(), task -> 0)).containsExactly(TASK + " had an effect, and is not there");
    }

    @Test
    void a_task_that_was_done_and_never_completed_is_lost() {
        assertThat(wrong("CANCELLED", "SUCCEEDED", 0, 1))
                .containsExactly(TASK + " had an effect, and is CANCELLED in a run that is SUCCEEDED");
    }

    @Test
    void what_was_done_of_a_run_that_was_cancelled_may_be_without_a_result() {
        assertThat(wrong("CANCELLED", "CANCELLED", 0, 1)).isEmpty();
    }

    @Test
    void a_task_that_succeeded_and_was_never_done_is_found() {
        var effects = new Effects(Map.of());

        assertThat(effects.wrong(Map.of(TASK, new Said("SUCCEEDED", "SUCCEEDED")), task -> 0))
                .containsExactly(TASK + " succeeded without an effect");
    }

    @Test
    void a_second_effect_of_one_attempt_is_wrong_whatever_failed() {
        assertThat(wrong("SUCCEEDED", "SUCCEEDED", 5, 2, 2))
                .containsExactly(TASK + " had two effects in one attempt: [2, 2]");
    }

    @Test
    void a_second_effect_needs_a_fault() {
        assertThat(wrong("SUCCEEDED", "SUCCEEDED", 0, 1, 2)).containsExactly(TASK + " had 2 effects, and met 0 faults");
        assertThat(wrong("SUCCEEDED", "SUCCEEDED", 1, 1, 2)).isEmpty();
    }

    private static List<String> wrong(String task, String run, int faults, Integer... attempts) {
        var effects = new Effects(Map.of(TASK, List.of(attempts)));
        return effects.wrong(Map.of(TASK, new Said(task, run)), any -> faults);
    }
}
