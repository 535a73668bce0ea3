package io.pgflow.dsl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pgflow.dsl.annotation.Flow;
import io.pgflow.dsl.annotation.FlowInput;
import io.pgflow.dsl.annotation.From;
import io.pgflow.dsl.annotation.Item;
import io.pgflow.dsl.annotation.MapStep;
import io.pgflow.dsl.annotation.Returns;
import io.pgflow.dsl.annotation.Step;
import io.pgflow.dsl.annotation.Wait;
import io.pgflow.testing.FixedTask;
import io.pgflow.workflow.GenericType;
import io.pgflow.workflow.InvalidWorkflowException;
import io.pgflow.workflow.NonRetryableException;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.TaskContext;
import io.pgflow.workflow.Workflow;
import java.sql.Connection;
import java.util.List;
import org.junit.jupiter.api.Test;

class AnnotatedFlowTest {

    @Flow("good")
    static class Good {
        @MapStep(value = "each", queue = "slow", maxAttempts = 7, retryJitter = 0.5, after = "log")
        int each(@Item int number, @FlowInput List<Integer> all, TaskContext task) {
            return number * all.size() + task.attempt();
        }

        @Step(value = "log", timeout = "PT1S", retryDelay = "PT2S", maxRetryDelay = "PT3S")
        void log() {}

        @Step("fail")
        Object fail(@From("log") Void nothing) {
            throw new NonRetryableException("no use");
        }

        @Step("sum")
        @Returns
        int sum(@From("each") List<Integer> numbers) {
            return numbers.size();
        }
    }

    @Test
    void parameters_are_edges_and_attributes_are_options() {
        assertThat(AnnotatedFlow.read(new Good()).toJson()).isEqualTo("""
                {"name":"good","steps":[\
                {"name":"log","handler":"good.log","timeout":"PT1S","retryDelay":"PT2S","maxRetryDelay":"PT3S"},\
                {"name":"each","handler":"good.each","after":["log"],"over":"$input","queue":"slow","maxAttempts":7,\
                "retryJitter":0.5},\
                {"name":"fail","handler":"good.fail","after":["log"]},\
                {"name":"sum","handler":"good.sum","after":["each"]}],"returns":"sum"}""");
    }

    @Flow("books")
    static class Books {
        @Step("book")
        String book(@FlowInput String entry, Connection connection) {
            return entry + connection;
        }

        @Step("report")
        void report(@From("book") String booked) {}
    }

    @Test
    void a_parameter_that_is_a_connection_makes_the_step_transactional() {
        var handlers = AnnotatedFlow.read(new Books()).handlers();

        assertThat(handlers.get("books.book").isTransactional()).isTrue();
        assertThat(handlers.get("books.report").isTransactional()).isFalse();
    }

    @Test
    void a_wait_at_the_class_waits_for_one_thing() {
        assertThatThrownBy(() -> AnnotatedFlow.read(new BadWaits()))
                .hasMessageContaining("PGF-WFL-030 at BadWaits, @Wait(\"none\"): a step waits for one thing")
                .hasMessageContaining("PGF-WFL-030 at BadWaits, @Wait(\"both\"): a step waits for one thing")
                .hasMessageContaining(
                        "PGF-WFL-014 at BadWaits, @Wait(\"soon\"), within: \"a day\" is no ISO-8601 duration")
                .hasMessageContaining("PGF-WFL-025 at BadWaits, @Wait(\"nap\"): within belongs to a signal");
    }

    @Flow("bad_waits")
    @Wait("none")
    @Wait(value = "both", sleep = "PT1H", signal = "go")
    @Wait(value = "soon", signal = "go", within = "a day")
    @Wait(value = "nap", sleep = "PT1H", within = "PT1H")
    static class BadWaits {}

    @Test
    void the_types_of_input_and_output_come_from_the_methods() {
        Workflow<?, ?> good = AnnotatedFlow.read(new Good());

        assertThat(good.inputType()).isEqualTo(GenericType.listOf(Integer.class));
        assertThat(good.outputType()).isEqualTo(Integer.class);
        assertThat(AnnotatedFlow.read(new Good(), List.class, Integer.class).inputType())
                .isEqualTo(GenericType.listOf(Integer.class));
        assertThatThrownBy(() -> AnnotatedFlow.read(new Good(), String.class, String.class))
                .hasMessageContaining("2 problems")
                .hasMessageContaining("the input of the run gives java.lang.String, and is read as")
                .hasMessageContaining("the workflow gives java.lang.Integer, and is read as giving java.lang.String");
    }

    @Test
    void the_methods_are_called_with_what_their_parameters_name() throws Exception {
        Workflow<?, ?> good = AnnotatedFlow.read(new Good());

        assertThat(task(good, "each").withItem("5").run(good)).isEqualTo("11");
        assertThat(task(good, "log").run(good)).isEqualTo("null");
        assertThat(task(good, "sum").withOutput("each", "[1,2,3]").run(good)).isEqualTo("3");
    }

    @Test
    void what_a_method_throws_reaches_the_worker_as_it_is() {
        Workflow<?, ?> good = AnnotatedFlow.read(new Good());

        assertThatThrownBy(() -> task(good, "fail").withOutput("log", "null").run(good))
                .isExactlyInstanceOf(NonRetryableException.class)
                .hasMessage("no use");
    }

    @Flow("Bad")
    static class Bad {
        @Step(value = "a", timeout = "5 s")
        @MapStep("a")
        int both(@Item int item) {
            return item;
        }

        @Step("b")
        @SuppressWarnings("UnusedMethod") // private on purpose
        private String hidden(String nowhere, @FlowInput @From("c") String twice) {
            return nowhere + twice;
        }

        @Step("c")
        @Returns
        List<Integer> numbers(@Item int item) {
            return List.of(item);
        }

        @MapStep("d")
        @Returns
        int without(@From("nobody") int nobody) {
            return nobody;
        }

        @MapStep("e")
        int wrongItem(@Item("c") String item, @From("c") List<String> all) {
            return all.indexOf(item);
        }

        @MapStep("f")
        int noList(@Item("b") String item, @FlowInput int first) {
            return first;
        }

        @Step("g")
        int otherInput(@FlowInput long second) {
            return 1;
        }

        @Returns
        int notAStep() {
            return 1;
        }
    }

    @Test
    void all_mistakes_are_reported_at_once_with_the_method_or_parameter() {
        InvalidWorkflowException refused =
                catchThrowableOfType(InvalidWorkflowException.class, () -> AnnotatedFlow.read(new Bad()));

        assertThat(refused.problems())
                .extracting(problem -> problem.code() + " " + problem.place())
                .containsExactlyInAnyOrder(
                        "PGF-WFL-031 Bad.both",
                        "PGF-WFL-031 Bad.hidden",
                        "PGF-WFL-032 Bad.hidden, parameter nowhere",
                        "PGF-WFL-032 Bad.hidden, parameter twice",
                        "PGF-WFL-031 Bad.notAStep",
                        "PGF-WFL-032 Bad.numbers, parameter item",
                        "PGF-WFL-031 Bad.without",
                        "PGF-WFL-033 Bad.otherInput, parameter second",
                        "PGF-WFL-030 Bad.without",
                        "PGF-WFL-033 Bad.both, parameter item",
                        "PGF-WFL-033 Bad.numbers, parameter item",
                        "PGF-WFL-033 Bad.noList, parameter item",
                        "PGF-WFL-033 Bad.wrongItem, parameter item",
                        "PGF-WFL-033 Bad.wrongItem, parameter all",
                        "PGF-WFL-001 name",
                        "PGF-WFL-006 steps[5] \"d\".after[0]");
    }

    @Test
    void a_class_without_a_name_is_no_workflow() {
        assertThatThrownBy(() -> AnnotatedFlow.read("text"))
                .isInstanceOf(InvalidWorkflowException.class)
                .hasMessageContaining("PGF-WFL-030")
                .hasMessageContaining("@Flow");
    }

    @Flow("options")
    static class BadOptions {
        @Step(value = "a", timeout = "5 s", retryDelay = "x", maxRetryDelay = "y", maxAttempts = 0, after = "a")
        void a() {}
    }

    @Test
    void options_are_checked_like_those_of_other_workflows() {
        InvalidWorkflowException refused =
                catchThrowableOfType(InvalidWorkflowException.class, () -> AnnotatedFlow.read(new BadOptions()));

        assertThat(refused.problems())
                .extracting(problem -> problem.code() + " " + problem.place())
                .containsExactly(
                        "PGF-WFL-014 BadOptions.a, retryDelay",
                        "PGF-WFL-014 BadOptions.a, maxRetryDelay",
                        "PGF-WFL-014 BadOptions.a, timeout",
                        "PGF-WFL-013 steps[0] \"a\".maxAttempts",
                        "PGF-WFL-008 steps[0] \"a\".after[0]");
    }

    static class Above {
        @Step("inherited")
        void inherited() {}
    }

    @Flow("below")
    static class Below extends Above {
        @Step("own")
        void own() {}
    }

    @Test
    void a_step_of_a_superclass_does_not_go_unnoticed() {
        assertThatThrownBy(() -> AnnotatedFlow.read(new Below()))
                .hasMessageContaining("PGF-WFL-031 at Above.inherited: steps of a superclass are not read");
    }

    @Flow("primitive")
    static class Primitive {
        @Step("number")
        Integer number() {
            return 1;
        }

        @Step("twice")
        int twice(@From("number") int number) {
            return 2 * number;
        }
    }

    @Test
    void null_for_a_primitive_parameter_is_a_misfit() throws Exception {
        Workflow<?, ?> flow = AnnotatedFlow.read(new Primitive());

        assertThat(task(flow, "twice").withOutput("number", "4").run(flow)).isEqualTo("8");
        assertThatThrownBy(
                        () -> task(flow, "twice").withOutput("number", "null").run(flow))
                .hasMessageContaining("PGF-DAT-004")
                .hasMessageContaining("the output of step \"number\", read by step \"twice\"");
    }

    private static FixedTask task(Workflow<?, ?> flow, String step) {
        StepDefinition definition = flow.definition().step(step).orElseThrow();
        return FixedTask.of(flow.name(), definition, "[5,6]");
    }
}
