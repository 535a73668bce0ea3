package io.pgflow.service;

import io.pgflow.workflow.InvalidWorkflowException;
import io.pgflow.workflow.Limits;
import io.pgflow.workflow.ProblemCode;
import io.pgflow.workflow.RegisteredHandler;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.StepHandler;
import io.pgflow.workflow.StepOptions;
import io.pgflow.workflow.Workflow;
import io.pgflow.workflow.WorkflowDefinition;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * How is code called that may run in another process? By a name that its workers know, with a request and an answer.
 *
 * <pre>{@code
 * Service<Image, Thumbnail> resize = Service.of("image.resize", Image.class, Thumbnail.class, in -> resized(in.input()));
 *
 * Pgflow worker = Pgflow.on(dataSource).with(resize).start();           // some process
 * Thumbnail small = executor.call(resize, image, Duration.ofSeconds(5)); // any process
 * }</pre>
 *
 * <p>Never changes: each word gives another service. A service is tried once, for 5 minutes at most, on the queue {@code default}, unless
 * its {@link #options} say otherwise; a call whose worker is lost is tried again whatever they say.
 *
 * @param <I> the request
 * @param <O> the answer
 */
public final class Service<I, O> {

    /** The one step of a service's workflow; {@code pgflow.service_results} knows calls by it. */
    private static final String STEP = "call";

    private static final int LONGEST_NAME = 40;
    private static final StepOptions USUAL =
            StepOptions.DEFAULT.withRetry(StepOptions.DEFAULT.retry().withMaxAttempts(1));

    private final String name;
    private final Class<I> request;
    private final Class<O> answer;
    private final Optional<RegisteredHandler> handler;
    private final StepOptions options;

    private Service(
            String name, Class<I> request, Class<O> answer, Optional<RegisteredHandler> handler, StepOptions options) {
        this.name = name;
        this.request = request;
        this.answer = answer;
        this.handler = handler;
        this.options = options;
    }

    /**
     * A service with its code, to be given to {@code Pgflow.on(..).with(..)} and to be called.
     *
     * @param name one to four names joined by dots, such as {@code image.resize}; at most 40 characters
     * @throws InvalidWorkflowException when the name is none
     */
    public static <I, O> Service<I, O> of(String name, Class<I> request, Class<O> answer, StepHandler<I, O> handler) {
        return named(name, request, answer)
                .with(Optional.of(RegisteredHandler.of(name, request, answer, handler)), USUAL);
    }

    /**
     * A service whose code is elsewhere: that of a process with this {@link #of service}, or with a {@link RegisteredHandler} of the name.
     *
     * @throws InvalidWorkflowException when the name is none
     */
    public static <I, O> Service<I, O> named(String name, Class<I> request, Class<O> answer) {
        if (!Limits.isHandlerName(name) || name.length() > LONGEST_NAME) {
            throw new InvalidWorkflowException(
                    name,
                    List.of(ProblemCode.BAD_HANDLER_NAME.at(
                            "name",
                            "\"" + name + "\" is no name for a service",
                            "use one to four names joined by dots, such as \"image.resize\", of at most " + LONGEST_NAME
                                    + " characters")));
        }
        return new Service<>(name, request, answer, Optional.empty(), USUAL);
    }

    /** The same with other options: queue, timeout, retries, deadline. Whoever calls it decides them. */
    public Service<I, O> options(UnaryOperator<StepOptions> change) {
        return with(handler, change.apply(options));
    }

    /** A request of this service that nobody waits for; see {@code Executor.submit}. */
    public Job<I, O> job(I input) {
        return new Job<>(this, input);
    }

    /** What its handler and its calls are called. */
    public String name() {
        return name;
    }

    /** The code, when this process has it. */
    public Optional<RegisteredHandler> handler() {
        return handler;
    }

    /**
     * The workflow of which a call is a run: named like the service, with an underscore for each dot.
     *
     * @throws InvalidWorkflowException when the options are not valid
     */
    public Workflow<I, O> workflow() {
        var definition = new WorkflowDefinition(
                name.replace('.', '_'), List.of(StepDefinition.of(STEP, name).withOptions(options)), Optional.of(STEP));
        return Workflow.of(definition, request, answer, Map.of());
    }

    @Override
    public String toString() {
        return "Service[" + name + "]";
    }

    private Service<I, O> with(Optional<RegisteredHandler> code, StepOptions changed) {
        return new Service<>(name, request, answer, code, changed);
    }
}
