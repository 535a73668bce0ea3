package io.pgflow.dsl;

import io.pgflow.workflow.InvalidWorkflowException;
import io.pgflow.workflow.Problem;
import io.pgflow.workflow.ProblemCode;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.StepOptions;
import io.pgflow.workflow.Workflow;
import io.pgflow.workflow.WorkflowDefinition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * How does a program make a workflow while it runs? With the words of {@link FlowBuilder}, on names instead of keys and code.
 *
 * <pre>{@code
 * Workflow<Object, Object> thumbs = FlowBuilder.runtime("thumbnails")
 *         .step("fetch", handler("http.get").input("{\"url\": {\"$from\": \"$input\", \"pointer\": \"/url\"}}"))
 *         .map("thumbs", handler("image.thumb").over("fetch").timeout(Duration.ofSeconds(30)))
 *         .returns("thumbs");
 * }</pre>
 */
public final class RuntimeFlowBuilder extends OptionVerbs<RuntimeFlowBuilder> {

    private final String name;
    private final List<StepDefinition> steps = new ArrayList<>();
    private final List<Problem> misplaced = new ArrayList<>();
    private StepOptions defaults = StepOptions.DEFAULT;
    private Optional<Duration> runDeadline = Optional.empty();

    RuntimeFlowBuilder(String name) {
        this.name = name;
    }

    /** As {@link FlowBuilder#runDeadline}. */
    public RuntimeFlowBuilder runDeadline(Duration deadline) {
        runDeadline = Optional.of(deadline);
        return this;
    }

    /** Adds a step. */
    public RuntimeFlowBuilder step(String name, RuntimeStep step) {
        StepDefinition definition = step.named(name, defaults);
        if (definition.isMap()) {
            misplaced.add(overProblem(name, "a plain step maps over nothing", "add it with map(...)"));
        }
        steps.add(definition);
        return this;
    }

    /** Adds a map step: one task per item, whose outputs become a list in the order of the items. */
    public RuntimeFlowBuilder map(String name, RuntimeStep step) {
        StepDefinition definition = step.named(name, defaults);
        if (!definition.isMap()) {
            misplaced.add(overProblem(name, "a map step maps over something", "say over(...) or overInput()"));
        }
        steps.add(definition);
        return this;
    }

    /**
     * Ends the workflow: its output is that of the step.
     *
     * @throws InvalidWorkflowException with every problem there is
     */
    public Workflow<Object, Object> returns(String step) {
        return workflow(Optional.of(step));
    }

    /**
     * Ends the workflow: it has no output.
     *
     * @throws InvalidWorkflowException with every problem there is
     */
    public Workflow<Object, Object> build() {
        return workflow(Optional.empty());
    }

    @Override
    RuntimeFlowBuilder with(UnaryOperator<StepOptions> change) {
        defaults = change.apply(defaults);
        return this;
    }

    private Workflow<Object, Object> workflow(Optional<String> returns) {
        List<Problem> problems = new ArrayList<>(WorkflowDefinition.problems(name, steps, returns, runDeadline));
        problems.addAll(misplaced);
        if (!problems.isEmpty()) {
            throw new InvalidWorkflowException(name, problems);
        }
        return Workflow.of(new WorkflowDefinition(name, steps, returns, runDeadline));
    }

    private Problem overProblem(String step, String message, String mend) {
        return ProblemCode.BAD_OVER.at("steps[" + steps.size() + "] \"" + step + "\".over", message, mend);
    }
}
