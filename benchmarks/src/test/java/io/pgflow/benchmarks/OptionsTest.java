package io.pgflow.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.benchmarks.workload.Workload;
import org.junit.jupiter.api.Test;

class OptionsTest {

    @Test
    void words_are_workloads_and_pairs_are_options_in_one_argument_or_many() {
        Options one = Options.parse("one-step,chain rounds=5 items=10,20");
        Options many = Options.parse("one-step", "chain", "rounds=5", "items=10,20");
        assertThat(one).usingRecursiveComparison().isEqualTo(many);
        assertThat(one.workloads()).extracting(Workload::name).containsExactly("one-step", "chain");
        assertThat(one.rounds()).isEqualTo(5);
        assertThat(one.sizes().items()).containsExactly(10, 20);
    }

    @Test
    void nothing_said_is_the_quick_look_at_ours_alone() {
        Options options = Options.parse("");
        assertThat(options).usingRecursiveComparison().isEqualTo(Options.parse("quick"));
        assertThat(options.contenders()).containsExactly("pgflow-java");
        assertThat(options.sizes().size()).isEmpty();
        assertThat(options.notifications()).isTrue();
    }

    @Test
    void a_wrong_word_is_answered_with_the_right_ones() {
        assertThatThrownBy(() -> Options.parse("one-stop"))
                .isInstanceOf(InvalidOptionsException.class)
                .hasMessageContaining("[PGF-BEN-001]")
                .hasMessageContaining("one-step");
        assertThatThrownBy(() -> Options.parse("round=3")).hasMessageContaining("rounds");
        assertThatThrownBy(() -> Options.parse("peers=nobody")).hasMessageContaining("pgflow-java");
    }

    @Test
    void a_wrong_value_is_named_with_its_option() {
        assertThatThrownBy(() -> Options.parse("rounds=0"))
                .hasMessageContaining("[PGF-BEN-002]")
                .hasMessageContaining("rounds must be at least 1");
        assertThatThrownBy(() -> Options.parse("size=many")).hasMessageContaining("'many'");
        assertThatThrownBy(() -> Options.parse("notify=maybe")).hasMessageContaining("on or off");
    }

    @Test
    void the_usage_names_every_workload_and_option() {
        Options.parse("all")
                .workloads()
                .forEach(workload -> assertThat(Options.usage()).contains(workload.name()));
        Options.NAMES.forEach(name -> assertThat(Options.usage()).contains("  " + name + "="));
    }
}
