package io.pgflow.dsl;

import io.pgflow.workflow.Action;
import io.pgflow.workflow.InvalidWorkflowException;
import io.pgflow.workflow.Problem;
import io.pgflow.workflow.ProblemCode;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Undo;
import io.pgflow.workflow.WorkflowDefinition;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The steps that a typed builder gathers, and the types that their keys declare. */
final class TypedSteps {

    private final String workflow;
    private final List<StepDefinition> steps = new ArrayList<>();
    private final Map<String, TaskHandler> handlers = new HashMap<>();
    private final Map<String, Type> types = new HashMap<>();
    private final List<Problem> conflicts = new ArrayList<>();
    private final Map<String, Undo> undos = new LinkedHashMap<>();
    private Optional<Duration> runDeadline = Optional.empty();

    TypedSteps(String workflow) {
        this.workflow = workflow;
    }

    /** Two keys of one name and different types would let a step read what another never wrote. */
    void mention(StepKey<?> key) {
        Type known = types.putIfAbsent(key.name(), key.type());
        if (known != null && !known.equals(key.type())) {
            conflicts.add(ProblemCode.TYPE_CONFLICT.at(
                    "step \"" + key.name() + "\"",
                    "one key says that it gives " + known.getTypeName() + ", another "
                            + key.type().getTypeName(),
                    "use one StepKey constant for the step"));
        }
    }

    StepDefinition define(StepKey<?> key, List<StepKey<?>> dependencies) {
        return define(key, dependencies, new Action.Work(workflow + "." + key.name(), Optional.empty()));
    }

    StepDefinition define(StepKey<?> key, List<StepKey<?>> dependencies, Action action) {
        mention(key);
        dependencies.forEach(this::mention);
        return StepDefinition.of(key.name(), action)
                .withAfter(dependencies.stream().map(StepKey::name).toList());
    }

    void runDeadline(Duration deadline) {
        runDeadline = Optional.of(deadline);
    }

    /** A step without code. */
    void add(StepDefinition step) {
        steps.add(step);
    }

    void add(StepKey<?> key, StepDefinition step, TaskHandler handler) {
        steps.add(step);
        handlers.putIfAbsent(workflow + "." + key.name(), handler);
    }

    void undo(StepKey<?> key, Optional<Integer> maxAttempts, TaskHandler handler) {
        mention(key);
        String name = workflow + "." + key.name() + ".undo";
        if (undos.putIfAbsent(key.name(), new Undo(name, maxAttempts)) != null) {
            conflicts.add(
                    ProblemCode.BAD_UNDO.at("step \"" + key.name() + "\"", "two handlers are to undo it", "keep one"));
        }
        handlers.putIfAbsent(name, handler);
    }

    WorkflowDefinition definition(Optional<String> returns) {
        List<StepDefinition> steps = Undos.in(this.steps, undos, conflicts);
        List<Problem> problems = new ArrayList<>(WorkflowDefinition.problems(workflow, steps, returns, runDeadline));
        problems.addAll(conflicts);
        if (!problems.isEmpty()) {
            throw new InvalidWorkflowException(workflow, problems);
        }
        return new WorkflowDefinition(workflow, steps, returns, runDeadline);
    }

    Map<String, TaskHandler> handlers() {
        return handlers;
    }
}
