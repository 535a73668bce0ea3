package io.pgflow.dsl;

import io.pgflow.dsl.annotation.FlowInput;
import io.pgflow.dsl.annotation.From;
import io.pgflow.dsl.annotation.Item;
import io.pgflow.workflow.Problem;
import io.pgflow.workflow.ProblemCode;
import io.pgflow.workflow.StepInput;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.TaskContext;
import java.lang.reflect.Parameter;
import java.lang.reflect.Type;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where the value of one parameter of a step's method comes from. */
record StepParameter(Source source, String from, Type type, String place) {

    enum Source {
        INPUT,
        STEP,
        ITEM,
        TASK,
        CONNECTION,
        UNKNOWN
    }

    static StepParameter of(Parameter parameter, String method, boolean map, List<Problem> problems) {
        String place = method + ", parameter " + parameter.getName();
        Type type = parameter.getParameterizedType();
        List<StepParameter> found = new ArrayList<>();
        From from = parameter.getAnnotation(From.class);
        Item item = parameter.getAnnotation(Item.class);
        if (parameter.isAnnotationPresent(FlowInput.class)) {
            found.add(new StepParameter(Source.INPUT, "", type, place));
        }
        if (from != null) {
            found.add(new StepParameter(Source.STEP, from.value(), type, place));
        }
        if (item != null) {
            found.add(new StepParameter(Source.ITEM, item.value(), type, place));
        }
        if (parameter.getType() == TaskContext.class) {
            found.add(new StepParameter(Source.TASK, "", type, place));
        }
        if (parameter.getType() == Connection.class) {
            found.add(new StepParameter(Source.CONNECTION, "", type, place));
        }
        if (item != null && !map) {
            problems.add(ProblemCode.BAD_PARAMETER.at(
                    place, "@Item belongs to a map step", "annotate the method with @MapStep, or use @From"));
        }
        if (found.size() == 1) {
            return found.get(0);
        }
        String message =
                found.isEmpty() ? "nothing says where its value comes from" : "its value comes from two places";
        problems.add(ProblemCode.BAD_PARAMETER.at(
                place,
                message,
                "annotate it with one of @FlowInput, @From(\"step\") and, in a map step, @Item(\"step\")"));
        return new StepParameter(Source.UNKNOWN, "", type, place);
    }

    /** The value for one task. */
    @Nullable
    Object value(StepInput<?> in, @Nullable Object item, @Nullable Connection connection) {
        return switch (source) {
            case INPUT -> in.input();
            case STEP -> in.output(new StepKey<>(from, type));
            case ITEM -> item;
            case TASK -> in.task();
            case CONNECTION -> connection;
            case UNKNOWN -> throw new IllegalStateException(place);
        };
    }
}
