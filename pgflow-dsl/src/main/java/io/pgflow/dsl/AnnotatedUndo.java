package io.pgflow.dsl;

import io.pgflow.workflow.Problem;
import io.pgflow.workflow.ProblemCode;
import io.pgflow.workflow.TaskContext;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Undo;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.lang.reflect.Type;
import java.sql.Connection;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One annotated method, read as what undoes a step. */
record AnnotatedUndo(Method method, String step, int maxAttempts) {

    static Optional<AnnotatedUndo> of(Method method, List<Problem> problems) {
        io.pgflow.dsl.annotation.Undo said = method.getAnnotation(io.pgflow.dsl.annotation.Undo.class);
        if (said == null) {
            return Optional.empty();
        }
        AnnotatedUndo read = new AnnotatedUndo(method, said.value(), said.maxAttempts());
        Calls.check(method, problems);
        if (!read.takesOne()) {
            problems.add(ProblemCode.BAD_METHOD.at(
                    read.place(),
                    "a method with @Undo has one parameter for what is undone, this one has "
                            + read.outputs().size(),
                    "take the output of step \"" + read.step() + "\""));
        }
        return Optional.of(read);
    }

    String place() {
        return Calls.placeOf(method);
    }

    Undo definition(String workflow) {
        Undo undo = Undo.by(handlerName(workflow));
        return maxAttempts == 0 ? undo : undo.withMaxAttempts(maxAttempts);
    }

    String handlerName(String workflow) {
        return workflow + "." + step + ".undo";
    }

    /** Whether one parameter, as it must be, takes what is undone. */
    boolean takesOne() {
        return outputs().size() == 1;
    }

    /** What it reads. */
    Type output() {
        return Types.boxed(outputs().get(0).getParameterizedType());
    }

    TaskHandler handler(Object instance) {
        boolean transactional = Arrays.asList(method.getParameterTypes()).contains(Connection.class);
        return transactional
                ? TaskHandler.transactionalUndo(
                        output(),
                        (Object given, TaskContext task, Connection connection) ->
                                call(instance, given, task, connection))
                : TaskHandler.undo(output(), (Object given, TaskContext task) -> call(instance, given, task, null));
    }

    private void call(Object instance, @Nullable Object given, TaskContext task, @Nullable Connection connection)
            throws Exception {
        @Nullable
        Object[] values = Arrays.stream(method.getParameterTypes())
                .map(type -> type == TaskContext.class ? task : type == Connection.class ? connection : given)
                .toArray();
        Calls.call(method, instance, values);
    }

    private List<Parameter> outputs() {
        return Arrays.stream(method.getParameters())
                .filter(parameter ->
                        parameter.getType() != TaskContext.class && parameter.getType() != Connection.class)
                .toList();
    }
}
