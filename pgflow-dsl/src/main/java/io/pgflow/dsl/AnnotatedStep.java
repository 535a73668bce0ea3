package io.pgflow.dsl;

import io.pgflow.dsl.annotation.MapStep;
import io.pgflow.dsl.annotation.Returns;
import io.pgflow.dsl.annotation.Step;
import io.pgflow.workflow.Collected;
import io.pgflow.workflow.GenericType;
import io.pgflow.workflow.Problem;
import io.pgflow.workflow.ProblemCode;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.StepInput;
import io.pgflow.workflow.TaskHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Type;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One annotated method, read as a step. */
record AnnotatedStep(Method method, StepAttributes attributes, List<StepParameter> parameters) {

    static Optional<AnnotatedStep> of(Method method, List<Problem> problems) {
        Step step = method.getAnnotation(Step.class);
        MapStep map = method.getAnnotation(MapStep.class);
        String place = Calls.placeOf(method);
        if (step == null && map == null) {
            if (method.isAnnotationPresent(Returns.class)) {
                problems.add(
                        ProblemCode.BAD_METHOD.at(place, "@Returns stands at a method that is no step", "add @Step"));
            }
            return Optional.empty();
        }
        if (step != null && map != null) {
            problems.add(ProblemCode.BAD_METHOD.at(
                    place, "the method is annotated with @Step and @MapStep", "remove one of them"));
        }
        Calls.check(method, problems);
        List<StepParameter> parameters = Arrays.stream(method.getParameters())
                .map(parameter -> StepParameter.of(parameter, place, map != null, problems))
                .toList();
        AnnotatedStep read = new AnnotatedStep(method, StepAttributes.of(step, map), parameters);
        read.checkItem(problems);
        return Optional.of(read);
    }

    String name() {
        return attributes.name();
    }

    String place() {
        return Calls.placeOf(method);
    }

    /** What one call gives. */
    Type returned() {
        return Types.boxed(method.getGenericReturnType());
    }

    /** What the step gives: for a map step the list of what its calls give, or what was collected of them. */
    Type output() {
        if (!attributes.map()) {
            return returned();
        }
        return GenericType.of(attributes.items().collect() ? Collected.class : List.class, returned());
    }

    StepDefinition definition(String workflow, List<Problem> problems) {
        Optional<String> over = item().map(StepParameter::from);
        Set<String> after = new LinkedHashSet<>();
        for (StepParameter parameter : parameters) {
            if (parameter.source() == StepParameter.Source.STEP) {
                after.add(parameter.from());
            }
        }
        List<String> extra = attributes.after();
        over.ifPresent(after::remove);
        List<String> all = new ArrayList<>(after);
        all.addAll(extra); // one that repeats a parameter is left for the check of the definition to report
        StepDefinition step = StepDefinition.of(name(), workflow + "." + name())
                .withAfter(all)
                .withOptions(attributes.options(place(), problems));
        return attributes.map() && over.isPresent() ? step.withOver(over.get()) : step;
    }

    TaskHandler handler(Object instance, Type input) {
        method.setAccessible(true);
        boolean transactional =
                parameters.stream().anyMatch(parameter -> parameter.source() == StepParameter.Source.CONNECTION);
        Optional<StepParameter> item = item();
        if (item.isPresent()) {
            Type element = item.get().type();
            return transactional
                    ? TaskHandler.transactionalItem(
                            input,
                            element,
                            returned(),
                            (Object value, StepInput<Object> in, Connection connection) ->
                                    call(instance, in, value, connection))
                    : TaskHandler.ofItem(
                            input,
                            element,
                            returned(),
                            (Object value, StepInput<Object> in) -> call(instance, in, value, null));
        }
        return transactional
                ? TaskHandler.transactional(
                        input,
                        output(),
                        (StepInput<Object> in, Connection connection) -> call(instance, in, null, connection))
                : TaskHandler.of(input, output(), (StepInput<Object> in) -> call(instance, in, null, null));
    }

    private Optional<StepParameter> item() {
        return parameters.stream()
                .filter(parameter -> parameter.source() == StepParameter.Source.ITEM)
                .findFirst();
    }

    private void checkItem(List<Problem> problems) {
        long items = parameters.stream()
                .filter(parameter -> parameter.source() == StepParameter.Source.ITEM)
                .count();
        if (attributes.map() && items != 1) {
            problems.add(ProblemCode.BAD_METHOD.at(
                    place(),
                    "a map step has one parameter with @Item, this one has " + items,
                    "say what it maps over"));
        }
    }

    @SuppressWarnings("NullAway") // null is a legal output
    private Object call(Object instance, StepInput<?> in, @Nullable Object item, @Nullable Connection connection)
            throws Exception {
        Object[] values = parameters.stream()
                .map(parameter -> parameter.value(in, item, connection))
                .toArray();
        return Calls.call(method, instance, values);
    }
}
