package io.pgflow.workflow;

import io.pgflow.internal.json.Json;
import java.lang.reflect.Type;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Reads a step's values from JSON when the handler asks for them. */
final class JsonStepInput<I> implements StepInput<I> {

    private final TaskInput in;
    private final Type inputType;
    private final Supplier<String> inputJson;

    JsonStepInput(TaskInput in, Type inputType, Supplier<String> inputJson) {
        this.in = in;
        this.inputType = inputType;
        this.inputJson = inputJson;
    }

    @Override
    @SuppressWarnings({"unchecked", "NullAway"}) // I is what inputType says; a run's input may be null
    public I input() {
        return (I) Json.read(inputJson.get(), inputType, "the input" + readBy(in.context()));
    }

    @Override
    @SuppressWarnings({"unchecked", "NullAway"}) // T is what the key says; an output may be null
    public <T> T output(StepKey<T> dependency) {
        List<String> known = in.definition().dependencies();
        if (!known.contains(dependency.name())) {
            throw undeclared(dependency.name(), known);
        }
        String place = "the output of step \"" + dependency.name() + "\"" + readBy(in.context());
        return (T) Json.read(in.output(dependency.name()), dependency.type(), place);
    }

    @Override
    public TaskContext task() {
        return in.context();
    }

    static String outputOf(TaskContext task) {
        return "the output of step \"" + task.step() + "\" of workflow \"" + task.workflow() + "\"";
    }

    static String itemOf(TaskInput in) {
        String number = in.context().itemIndex().isPresent()
                ? " " + in.context().itemIndex().getAsInt()
                : "";
        String source = in.definition().over().orElse(StepDefinition.RUN_INPUT);
        return "item" + number + " of \"" + source + "\"" + readBy(in.context());
    }

    private static String readBy(TaskContext task) {
        return ", read by step \"" + task.step() + "\" of workflow \"" + task.workflow() + "\",";
    }

    private InvalidWorkflowException undeclared(String name, List<String> known) {
        String step = in.context().step();
        Problem problem = new Problem(
                ProblemCode.UNDECLARED_READ.code(),
                "step \"" + step + "\"",
                "the handler reads the output of \"" + name + "\", which the step does not depend on",
                Optional.of("add it to after(...) of \"" + step + "\"; it now depends on " + known));
        return new InvalidWorkflowException(in.context().workflow(), List.of(problem));
    }
}
