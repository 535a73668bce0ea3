package io.pgflow.dsl;

import io.pgflow.dsl.annotation.Flow;
import io.pgflow.dsl.annotation.MapStep;
import io.pgflow.dsl.annotation.Returns;
import io.pgflow.dsl.annotation.Step;
import io.pgflow.dsl.annotation.Wait;
import io.pgflow.workflow.InvalidWorkflowException;
import io.pgflow.workflow.Problem;
import io.pgflow.workflow.ProblemCode;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Undo;
import io.pgflow.workflow.Workflow;
import io.pgflow.workflow.WorkflowDefinition;
import java.lang.reflect.Method;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How do I write a workflow as a class? Annotate it with {@link Flow}; every method with {@link Step} or {@link MapStep} is a
 * step, and its parameters are what it reads and waits for; steps without code are said with {@link Wait}. No proxies: the methods are called on the instance that was read,
 * by several threads at once.
 *
 * <p>What the compiler checks for {@link FlowBuilder} is checked here when the class is read: every mistake is reported at
 * once, with a code and the method or parameter it stands at.
 */
public final class AnnotatedFlow {

    private final Object instance;
    private final String name;
    private final Optional<Duration> runDeadline;
    private final List<Problem> problems = new ArrayList<>();
    private final List<AnnotatedStep> steps = new ArrayList<>();
    private final List<AnnotatedUndo> undos = new ArrayList<>();

    private AnnotatedFlow(Object instance) {
        this.instance = instance;
        Flow flow = instance.getClass().getAnnotation(Flow.class);
        if (flow == null) {
            throw new InvalidWorkflowException(
                    instance.getClass().getSimpleName(),
                    List.of(ProblemCode.BAD_CLASS.at(
                            instance.getClass().getName(),
                            "the class has no @Flow annotation",
                            "name the workflow with @Flow(\"...\")")));
        }
        this.name = flow.value();
        this.runDeadline = StepAttributes.written(flow.runDeadline())
                .map(deadline -> StepAttributes.duration(
                        deadline, Duration.ofDays(1), "@Flow(\"" + name + "\"), runDeadline", problems));
    }

    /**
     * Reads the workflow that the class of this instance is.
     *
     * @throws InvalidWorkflowException with every problem there is
     */
    public static Workflow<?, ?> read(Object instance) {
        return new AnnotatedFlow(instance).workflow(Optional.empty(), Optional.empty());
    }

    /**
     * Reads the workflow that the class of this instance is, for callers that know its types; {@code Void.class} is the output
     * of a workflow that returns none.
     *
     * @throws InvalidWorkflowException with every problem there is, among them other types than these
     */
    @SuppressWarnings("unchecked") // both types have been compared with those of the methods
    public static <I, O> Workflow<I, O> read(Object instance, Class<I> input, Class<O> output) {
        return (Workflow<I, O>) new AnnotatedFlow(instance).workflow(Optional.of(input), Optional.of(output));
    }

    private Workflow<?, ?> workflow(Optional<Type> input, Optional<Type> output) {
        // A JVM may list methods in any order: problems are reported by method name, the definition sorts its own
        // steps.
        Arrays.stream(instance.getClass().getDeclaredMethods())
                .filter(method -> !method.isSynthetic())
                .sorted(Comparator.comparing(Method::getName).thenComparing(Method::toString))
                .forEach(method -> {
                    AnnotatedStep.of(method, problems).ifPresent(steps::add);
                    AnnotatedUndo.of(method, problems).ifPresent(undos::add);
                });
        inherited();
        AnnotatedTypes types = new AnnotatedTypes(steps, problems);
        Type inputType = types.input(input);
        Type outputType = types.output(output);
        types.checkEdges();
        types.checkUndos(undos);
        List<StepDefinition> definitions = withUndos(Stream.of(
                        steps.stream().map(step -> step.definition(name, problems)),
                        AnnotatedWait.of(instance.getClass()).stream().map(wait -> wait.definition(problems)),
                        AnnotatedRun.of(instance.getClass()).stream().map(run -> run.definition(problems)))
                .flatMap(some -> some)
                .toList());
        Optional<String> returns = steps.stream()
                .filter(step -> step.method().isAnnotationPresent(Returns.class))
                .map(AnnotatedStep::name)
                .findFirst();
        problems.addAll(WorkflowDefinition.problems(name, definitions, returns, runDeadline));
        if (!problems.isEmpty()) {
            throw new InvalidWorkflowException(name, problems);
        }
        return Workflow.of(
                new WorkflowDefinition(name, definitions, returns, runDeadline),
                inputType,
                outputType,
                handlers(inputType));
    }

    private List<StepDefinition> withUndos(List<StepDefinition> definitions) {
        Map<String, Undo> byStep = new HashMap<>();
        for (AnnotatedUndo undo : undos) {
            if (byStep.putIfAbsent(undo.step(), undo.definition(name)) != null) {
                problems.add(ProblemCode.BAD_UNDO.at(
                        undo.place(), "a second method is to undo step \"" + undo.step() + "\"", "keep one"));
            }
        }
        return Undos.in(definitions, byStep, problems);
    }

    /** A step that nobody runs, because its class is not looked at, must not go unnoticed. */
    private void inherited() {
        for (Class<?> above = instance.getClass().getSuperclass(); above != null; above = above.getSuperclass()) {
            Arrays.stream(above.getDeclaredMethods())
                    .filter(method -> method.isAnnotationPresent(Step.class)
                            || method.isAnnotationPresent(MapStep.class)
                            || method.isAnnotationPresent(io.pgflow.dsl.annotation.Undo.class))
                    .sorted(Comparator.comparing(Method::getName))
                    .forEach(method -> problems.add(ProblemCode.BAD_METHOD.at(
                            method.getDeclaringClass().getSimpleName() + "." + method.getName(),
                            "steps of a superclass are not read",
                            "declare the method in " + instance.getClass().getSimpleName())));
        }
    }

    private Map<String, TaskHandler> handlers(Type input) {
        Map<String, TaskHandler> handlers = new HashMap<>();
        steps.forEach(step -> handlers.put(name + "." + step.name(), step.handler(instance, input)));
        undos.forEach(undo -> handlers.put(undo.handlerName(name), undo.handler(instance)));
        return handlers;
    }
}
