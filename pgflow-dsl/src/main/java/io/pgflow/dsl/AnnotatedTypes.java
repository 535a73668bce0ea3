package io.pgflow.dsl;

import io.pgflow.dsl.annotation.Returns;
import io.pgflow.workflow.Problem;
import io.pgflow.workflow.ProblemCode;
import io.pgflow.workflow.StepDefinition;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Compares what the methods of an annotated class give with what others read, which no compiler does. */
final class AnnotatedTypes {

    private final List<AnnotatedStep> steps;
    private final List<Problem> problems;
    private final Map<String, AnnotatedStep> byName = new HashMap<>();

    AnnotatedTypes(List<AnnotatedStep> steps, List<Problem> problems) {
        this.steps = steps;
        this.problems = problems;
        steps.forEach(step -> byName.putIfAbsent(step.name(), step));
    }

    /** The type of the run's input: what the caller says, else what the parameters agree on; anything when nobody reads it. */
    Type input(Optional<Type> said) {
        Optional<Type> type = said;
        for (AnnotatedStep step : steps) {
            for (StepParameter parameter : step.parameters()) {
                if (parameter.source() == StepParameter.Source.INPUT) {
                    Type known = type.map(given -> raw(given, parameter.type())).orElse(parameter.type());
                    type = Optional.of(known);
                    expect(known, parameter, "the input of the run");
                }
            }
        }
        return Types.boxed(type.orElse(Object.class));
    }

    /** The type of the run's output: that of the one step with {@link Returns}, {@code Void} without one. */
    Type output(Optional<Type> said) {
        List<AnnotatedStep> returning = steps.stream()
                .filter(step -> step.method().isAnnotationPresent(Returns.class))
                .toList();
        for (AnnotatedStep other : returning.stream().skip(1).toList()) {
            problems.add(ProblemCode.BAD_CLASS.at(
                    other.place(),
                    "a second step has @Returns, after " + returning.get(0).place(),
                    "keep one"));
        }
        Type output = returning.isEmpty() ? Void.class : returning.get(0).output();
        String place = returning.isEmpty() ? "@Returns" : returning.get(0).place();
        if (said.isPresent() && !Types.fits(output, raw(said.get(), output))) {
            problems.add(ProblemCode.TYPE_MISMATCH.at(
                    place,
                    "the workflow gives " + output.getTypeName() + ", and is read as giving "
                            + said.get().getTypeName()));
        }
        return output;
    }

    void checkEdges() {
        for (AnnotatedStep step : steps) {
            for (StepParameter parameter : step.parameters()) {
                AnnotatedStep producer = byName.get(parameter.from());
                if (parameter.source() == StepParameter.Source.STEP && producer != null) {
                    expect(producer.output(), parameter, "step \"" + producer.name() + "\"");
                } else if (parameter.source() == StepParameter.Source.ITEM) {
                    item(parameter, producer);
                }
            }
        }
    }

    /** What undoes a step reads what one call of that gave; what a run of another workflow gives nobody knows here. */
    void checkUndos(List<AnnotatedUndo> undos) {
        for (AnnotatedUndo undo : undos) {
            AnnotatedStep undone = byName.get(undo.step());
            if (undone != null && undo.takesOne() && !Types.fits(undone.returned(), undo.output())) {
                problems.add(ProblemCode.TYPE_MISMATCH.at(
                        undo.place(),
                        "step \"" + undo.step() + "\" gives "
                                + undone.returned().getTypeName() + ", and is undone as "
                                + undo.output().getTypeName()));
            }
        }
    }

    private void item(StepParameter parameter, @Nullable AnnotatedStep producer) {
        Optional<Type> list = producer == null ? inputRead(parameter) : Optional.of(producer.output());
        if (list.isEmpty()) {
            return;
        }
        Optional<Type> element = Types.element(list.get());
        if (element.isPresent()) {
            expect(element.get(), parameter, "one item of \"" + parameter.from() + "\"");
        } else {
            problems.add(ProblemCode.TYPE_MISMATCH.at(
                    parameter.place(),
                    "\"" + parameter.from() + "\" gives " + list.get().getTypeName() + ", which is no list of items",
                    "let it give a java.util.List"));
        }
    }

    /** What the parameters say of the run's input, when the map is over that. */
    private Optional<Type> inputRead(StepParameter item) {
        return steps.stream()
                .flatMap(step -> step.parameters().stream())
                .filter(parameter -> item.from().equals(StepDefinition.RUN_INPUT)
                        && parameter.source() == StepParameter.Source.INPUT)
                .map(StepParameter::type)
                .findFirst();
    }

    private void expect(Type written, StepParameter parameter, String producer) {
        if (!Types.fits(written, parameter.type())) {
            problems.add(ProblemCode.TYPE_MISMATCH.at(
                    parameter.place(),
                    producer + " gives " + written.getTypeName() + ", and is read as "
                            + parameter.type().getTypeName()));
        }
    }

    /** A caller can say {@code List.class} but not {@code List<Label>}: the class alone is compared then. */
    private static Type raw(Type said, Type declared) {
        boolean sameClass = declared instanceof ParameterizedType generic && generic.getRawType() == said;
        return sameClass ? declared : said;
    }
}
