package io.pgflow.workflow;

import io.pgflow.internal.arch.ModulePrivate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A workflow as data: what is stored in the database, printed and read. An instance is valid and its steps are sorted: each
 * stands after those it depends on, otherwise by name. The same graph is therefore equal, and has the same JSON, in
 * whatever order it was written.
 *
 * @param name {@code ^[a-z][a-z0-9_]{0,39}$}
 * @param steps 1 to 1000
 * @param returns the step whose output is the run's output
 * @param deadline how long after its beginning a run must have ended, or else it fails; 10 ms to 365 days; empty for never
 */
public record WorkflowDefinition(
        String name, List<StepDefinition> steps, Optional<String> returns, Optional<Duration> deadline) {

    /**
     * Checks and sorts.
     *
     * @throws InvalidWorkflowException with every problem there is
     */
    public WorkflowDefinition {
        List<Problem> problems = DefinitionCheck.problems(name, steps, returns, deadline, Place.Style.JAVA);
        if (!problems.isEmpty()) {
            throw new InvalidWorkflowException(name, problems);
        }
        steps = TopologicalOrder.sorted(steps);
    }

    /** A workflow whose runs have no deadline. */
    public WorkflowDefinition(String name, List<StepDefinition> steps, Optional<String> returns) {
        this(name, steps, returns, Optional.empty());
    }

    /** A workflow whose run has no output. */
    public static WorkflowDefinition of(String name, List<StepDefinition> steps) {
        return new WorkflowDefinition(name, steps, Optional.empty());
    }

    /** Every problem that there would be with such a workflow; empty when there would be none. */
    public static List<Problem> problems(
            String name, List<StepDefinition> steps, Optional<String> returns, Optional<Duration> deadline) {
        List<Problem> problems =
                new ArrayList<>(DefinitionCheck.problems(name, steps, returns, deadline, Place.Style.JAVA));
        if (Limits.isUndoName(name)) {
            problems.add(
                    DefinitionCheck.badName("workflow", name, Place.Style.JAVA.name(Place.WORKFLOW.field("name"))));
        }
        return problems;
    }

    /**
     * Reads the JSON form; {@code parse(definition.toJson())} equals {@code definition}. Strict: a field that does not exist is
     * a problem. Places are JSON Pointers into the text.
     *
     * @throws InvalidWorkflowException with every problem there is
     */
    public static WorkflowDefinition parse(String json) {
        return DefinitionReader.read(json);
    }

    /** The same for what a database gave, which may be a workflow that the engine made to undo runs. */
    @ModulePrivate
    public static WorkflowDefinition stored(String json) {
        return DefinitionReader.stored(json);
    }

    /** The step of that name, if there is one. */
    public Optional<StepDefinition> step(String name) {
        return steps.stream().filter(step -> step.name().equals(name)).findFirst();
    }

    /** The canonical JSON text: fixed order, no white space, defaults left out. */
    public String toJson() {
        return DefinitionWriter.write(this);
    }

    /** The graph as a Mermaid flowchart; map steps have a shape of their own. */
    public String toMermaid() {
        return Mermaid.of(this);
    }
}
