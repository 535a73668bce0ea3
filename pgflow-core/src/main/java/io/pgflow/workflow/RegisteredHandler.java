package io.pgflow.workflow;

import io.pgflow.internal.json.Json;
import java.lang.reflect.Type;
import java.util.List;

/**
 * How does a workflow made at run time get at code? Its steps name handlers that the workers have registered under a name
 * and with the types of what they read and give.
 *
 * <pre>{@code
 * RegisteredHandler.of("image.resize", Resize.class, Resized.class, in -> resize(in.input()))
 * }</pre>
 *
 * <p>What the handler reads is made by the step's input template: any JSON, in which an object of the exact form
 * {@code {"$from": "<step>", "pointer": "/a/b"}} stands for that value ({@code $input} is the run's input, {@code $item} the
 * item of a map step, the pointer is optional). Without a template it is the item for a map step, else the run's input for a
 * step without dependencies, the output of the one dependency, or an object of the outputs by step name.
 */
public final class RegisteredHandler implements TaskHandler {

    private final String name;
    private final Type input;
    private final Type output;
    private final Code code;
    private final boolean transactional;

    private RegisteredHandler(String name, Type input, Type output, Code code, boolean transactional) {
        if (!Limits.isHandlerName(name)) {
            throw new InvalidWorkflowException(name, List.of(DefinitionCheck.badHandlerName(name, "handler")));
        }
        this.name = name;
        this.input = input;
        this.output = output;
        this.code = code;
        this.transactional = transactional;
    }

    /**
     * Names a handler.
     *
     * @param name one to four names joined by dots, such as {@code image.resize}
     * @throws InvalidWorkflowException when the name is no handler name
     */
    public static <I, O> RegisteredHandler of(String name, Class<I> input, Class<O> output, StepHandler<I, O> handler) {
        Code code = (in, task) -> typed(handler).handle(in);
        return new RegisteredHandler(name, input, output, code, false);
    }

    /**
     * Names a handler that writes in the transaction in which its step is completed.
     *
     * @param name one to four names joined by dots, such as {@code ledger.book}
     * @throws InvalidWorkflowException when the name is no handler name
     */
    public static <I, O> RegisteredHandler transactional(
            String name, Class<I> input, Class<O> output, TransactionalHandler<I, O> handler) {
        Code code = (in, task) -> typed(handler).handle(in, task.connection());
        return new RegisteredHandler(name, input, output, code, true);
    }

    /**
     * Names a handler of steps that something outside finishes.
     *
     * @param name one to four names joined by dots, such as {@code kubernetes.job}
     * @throws InvalidWorkflowException when the name is no handler name
     */
    public static <I> RegisteredHandler deferring(
            String name, Class<I> input, Patience patience, DeferringHandler<I> handler) {
        return of(name, input, Object.class, handler.asStep(patience));
    }

    /** What steps call it. */
    public String name() {
        return name;
    }

    /** What it reads. */
    public Type inputType() {
        return input;
    }

    /** What it gives; for a map step per item. */
    public Type outputType() {
        return output;
    }

    @Override
    public boolean isTransactional() {
        return transactional;
    }

    @Override
    public String run(TaskInput in) throws Exception {
        Object result = code.run(new JsonStepInput<>(in, input, () -> InputTemplate.inputOf(in)), in);
        return Json.write(result, output, JsonStepInput.outputOf(in.context()));
    }

    @SuppressWarnings("unchecked") // both types are of the one call of of(...)
    private static StepHandler<Object, Object> typed(StepHandler<?, ?> handler) {
        return (StepHandler<Object, Object>) handler;
    }

    @SuppressWarnings("unchecked") // both types are of the one call of transactional(...)
    private static TransactionalHandler<Object, Object> typed(TransactionalHandler<?, ?> handler) {
        return (TransactionalHandler<Object, Object>) handler;
    }

    private interface Code {
        Object run(StepInput<Object> in, TaskInput task) throws Exception;
    }
}
