package io.pgflow.dsl;

import io.pgflow.workflow.Action;
import io.pgflow.workflow.Approval;
import io.pgflow.workflow.Collected;
import io.pgflow.workflow.Decision;
import io.pgflow.workflow.Deferral;
import io.pgflow.workflow.DeferringHandler;
import io.pgflow.workflow.GenericType;
import io.pgflow.workflow.InvalidWorkflowException;
import io.pgflow.workflow.ItemHandler;
import io.pgflow.workflow.Patience;
import io.pgflow.workflow.Reference;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.StepHandler;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.StepOptions;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.TransactionalHandler;
import io.pgflow.workflow.TransactionalItemHandler;
import io.pgflow.workflow.Workflow;
import java.lang.reflect.Type;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * How do I write a workflow in Java? Step by step, in any order; a dependency that is no step key, or a value of a wrong type,
 * does not compile.
 *
 * <pre>{@code
 * Workflow<Order, Receipt> checkout = FlowBuilder.workflow("checkout", Order.class)
 *         .step(RESERVE, in -> stock.reserve(in.input().items()))
 *         .step(CHARGE, after(RESERVE).maxAttempts(5), in -> bank.charge(in.input(), in.output(RESERVE)))
 *         .map(LABELS, over(RESERVE), item -> printer.label(item))
 *         .step(RECEIPT, after(CHARGE, LABELS), in -> receipt(in.output(CHARGE), in.output(LABELS)))
 *         .returns(RECEIPT);
 * }</pre>
 *
 * <p>Options said to the builder ({@code maxAttempts}, {@code timeout}, ...) are the defaults of the steps that follow.
 *
 * @param <I> the type of a run's input
 */
public final class FlowBuilder<I> extends UndoVerbs<FlowBuilder<I>> {

    private final Type input;
    private final TypedSteps steps;
    private StepOptions defaults = StepOptions.DEFAULT;

    private FlowBuilder(String name, Type input) {
        this.input = input;
        this.steps = new TypedSteps(name);
    }

    /** Begins a workflow whose runs are started with an {@code I}. */
    public static <I> FlowBuilder<I> workflow(String name, Class<I> input) {
        return new FlowBuilder<>(name, input);
    }

    /** Begins a workflow whose runs are started with a list, to be mapped over with {@link #overInput}. */
    public static <E> FlowBuilder<List<E>> workflowOver(String name, Class<E> element) {
        return new FlowBuilder<>(name, GenericType.listOf(element));
    }

    /** Begins a workflow whose steps name handlers that are registered with the workers. */
    public static RuntimeFlowBuilder runtime(String name) {
        return new RuntimeFlowBuilder(name);
    }

    /** Waits for these steps, and may read their outputs; {@code after()} waits for none and only carries options. */
    public static After after(StepKey<?>... dependencies) {
        return new After(List.of(dependencies), UnaryOperator.identity());
    }

    /** One task per item of the list that the step gives. */
    public static <E> Over<Object, E> over(StepKey<List<E>> source) {
        Type element = source.elementType().orElse(Object.class);
        return new Over<>(Optional.of(source), element, List.of(), UnaryOperator.identity());
    }

    /** One task per item of the run's input, which is a list. */
    public static <E> Over<List<E>, E> overInput(Class<E> element) {
        return new Over<>(Optional.empty(), element, List.of(), UnaryOperator.identity());
    }

    /** A step of a workflow made at run time: the name of a registered handler. */
    public static RuntimeStep handler(String name) {
        return new RuntimeStep(StepDefinition.of("unnamed", name), UnaryOperator.identity());
    }

    /** A step of a workflow made at run time that calls no handler: it sleeps, waits for a signal, and so on. */
    public static RuntimeStep action(Action action) {
        return new RuntimeStep(StepDefinition.of("unnamed", action), UnaryOperator.identity());
    }

    /** The run that a step starts gets the input of this one. */
    public static <C> ChildInput<C, C> runInput() {
        return ChildInput.identity();
    }

    /** The run that a step starts gets what this step gave; name it in {@code after(...)}. */
    public static <C> ChildInput<Object, C> outputOf(StepKey<C> step) {
        return ChildInput.from(step.name());
    }

    /**
     * The run that a step starts gets this JSON, in which an object {@code {"$from": ..., "pointer": ...}} stands for a value; whether it is
     * a {@code C} shows when it is read.
     */
    public static <C> ChildInput<Object, C> template(String json) {
        return ChildInput.of(json);
    }

    /**
     * How long after its beginning a run must have ended, or else it fails; 10 ms to 365 days; never unless said otherwise. A start may
     * say another one.
     */
    public FlowBuilder<I> runDeadline(Duration deadline) {
        steps.runDeadline(deadline);
        return this;
    }

    /** Adds a step that waits for no other. */
    public <O> FlowBuilder<I> step(StepKey<O> key, StepHandler<I, O> handler) {
        return step(key, after(), handler);
    }

    /** Adds a step. */
    public <O> FlowBuilder<I> step(StepKey<O> key, After after, StepHandler<I, O> handler) {
        return plain(key, after, TaskHandler.of(input, key.type(), handler));
    }

    /** Adds a step that waits for no other, and whose writes are committed with it. */
    public <O> FlowBuilder<I> transactional(StepKey<O> key, TransactionalHandler<I, O> handler) {
        return transactional(key, after(), handler);
    }

    /** Adds a step whose code writes through a connection; what it wrote is committed with the step, exactly once. */
    public <O> FlowBuilder<I> transactional(StepKey<O> key, After after, TransactionalHandler<I, O> handler) {
        return plain(key, after, TaskHandler.transactional(input, key.type(), handler));
    }

    /**
     * Adds a step that something outside finishes: the handler gives the token of the {@link Deferral} away, and what is answered with
     * it is the step's output. Items of a map are deferred by {@link io.pgflow.workflow.TaskContext#defer}.
     *
     * @param patience how long the outside may take
     */
    public <O> FlowBuilder<I> deferred(StepKey<O> key, After after, Patience patience, DeferringHandler<I> handler) {
        StepDefinition step = steps.define(key, after.dependencies()).withOptions(after.optionsFrom(defaults));
        steps.add(key, step, TaskHandler.deferring(input, patience, handler));
        return this;
    }

    /** Adds a map step: one task per item, whose outputs the key lists in the order of the items. */
    public <E, R> FlowBuilder<I> map(StepKey<List<R>> key, Over<? super I, E> over, ItemFunction<E, R> handler) {
        return map(key, over, (item, in) -> handler.handle(item));
    }

    /** Adds a map step whose code also looks at the run's input, at other outputs or at its task. */
    public <E, R> FlowBuilder<I> map(StepKey<List<R>> key, Over<? super I, E> over, ItemHandler<I, E, R> handler) {
        return items(key, over, TaskHandler.ofItem(input, over.element(), perItem(key), handler));
    }

    /** Adds a map step whose code writes through a connection; what it wrote is committed with the item, exactly once. */
    public <E, R> FlowBuilder<I> transactionalMap(
            StepKey<List<R>> key, Over<? super I, E> over, TransactionalItemHandler<I, E, R> handler) {
        return items(key, over, TaskHandler.transactionalItem(input, over.element(), perItem(key), handler));
    }

    /**
     * Adds a step that runs no code of the application: it sleeps, waits for a signal, and so on. Of the builder's own options it takes
     * those that mean something to it: {@code when}, {@code otherwise} and {@code onFailure}.
     */
    public <O> FlowBuilder<I> step(StepKey<O> key, After after, Action action) {
        StepOptions options = after.optionsFrom(defaults.meantFor(action));
        steps.add(steps.define(key, after.dependencies(), action).withOptions(options));
        return this;
    }

    /**
     * Adds a step that starts a run of another workflow and gives what that returns. It waits without a worker; when the run fails, the
     * attempt has failed, and a retry starts another run. The other workflow must be defined by then: give it to {@code Pgflow} too.
     *
     * @param child the other workflow, by its name: the run is of its newest version
     */
    public <C, O> FlowBuilder<I> workflow(
            StepKey<O> key, After after, Workflow<C, O> child, ChildInput<? super I, ? extends C> childInput) {
        return step(key, after, childInput.into(Action.SubWorkflow.of(child.name())));
    }

    /** Adds a map step that starts a run of another workflow for each item, which is its input. */
    public <C, R> FlowBuilder<I> workflows(StepKey<List<R>> key, Over<? super I, C> over, Workflow<C, R> child) {
        return runs(key, over, child);
    }

    /** The same, but runs may fail: this run goes on with what they gave and with the errors of those that failed. */
    public <C, R> FlowBuilder<I> collectWorkflows(
            StepKey<Collected<R>> key, Over<? super I, C> over, Workflow<C, R> child) {
        return runs(key, over.collecting(), child);
    }

    private FlowBuilder<I> runs(StepKey<?> key, Over<?, ?> over, Workflow<?, ?> child) {
        Action action = Action.SubWorkflow.of(child.name());
        over.source().ifPresent(steps::mention);
        String source = over.source().map(StepKey::name).orElse(StepDefinition.RUN_INPUT);
        steps.add(steps.define(key, over.dependencies(), action)
                .withOver(source)
                .withOptions(over.optionsFrom(defaults.meantFor(action))));
        return this;
    }

    /** Adds a step that waits for so long, without a worker; at most 3650 days. It gives null. */
    public FlowBuilder<I> sleep(StepKey<Void> key, After after, Duration duration) {
        return step(key, after, Action.Sleep.of(duration));
    }

    /**
     * Adds a step that waits until a time that stands in the run's input or in the output of a dependency, as a text: an ISO-8601
     * time with its offset, or a duration.
     */
    public FlowBuilder<I> sleepUntil(StepKey<Void> key, After after, Reference time) {
        return step(key, after, Action.Sleep.until(time));
    }

    /** Adds a step that waits until that time; it is over at once when that has passed. */
    public FlowBuilder<I> sleepUntil(StepKey<Void> key, After after, Instant time) {
        return step(key, after, Action.Sleep.until(time));
    }

    /** Adds a step that waits for a signal of this name, without a worker, for as long as it takes; it gives what came with it. */
    public <O> FlowBuilder<I> awaitSignal(StepKey<O> key, After after, String signal) {
        return step(key, after, Action.AwaitSignal.of(signal));
    }

    /** The same, but fails ({@code PGF-RUN-013}) when the signal has not come in this time; see {@link After#onFailure}. */
    public <O> FlowBuilder<I> awaitSignal(StepKey<O> key, After after, String signal, Duration within) {
        return step(key, after, Action.AwaitSignal.of(signal).within(within));
    }

    /** Adds a step that asks people, and waits for their decision without a worker. */
    public FlowBuilder<I> approval(StepKey<Decision> key, After after, Approval approval) {
        return step(key, after, approval);
    }

    /** Adds a map step whose items may fail: the run goes on with what they gave and with the errors of those that failed. */
    public <E, R> FlowBuilder<I> collect(
            StepKey<Collected<R>> key, Over<? super I, E> over, ItemFunction<E, R> handler) {
        return collect(key, over, (item, in) -> handler.handle(item));
    }

    /** The same for code that also looks at the run's input, at other outputs or at its task. */
    public <E, R> FlowBuilder<I> collect(
            StepKey<Collected<R>> key, Over<? super I, E> over, ItemHandler<I, E, R> handler) {
        return items(key, over.collecting(), TaskHandler.ofItem(input, over.element(), perItem(key), handler));
    }

    /** Adds a map step whose items may fail, and whose code writes through a connection. */
    public <E, R> FlowBuilder<I> transactionalCollect(
            StepKey<Collected<R>> key, Over<? super I, E> over, TransactionalItemHandler<I, E, R> handler) {
        return items(
                key, over.collecting(), TaskHandler.transactionalItem(input, over.element(), perItem(key), handler));
    }

    private FlowBuilder<I> plain(StepKey<?> key, After after, TaskHandler handler) {
        steps.add(key, steps.define(key, after.dependencies()).withOptions(after.optionsFrom(defaults)), handler);
        return this;
    }

    private FlowBuilder<I> items(StepKey<?> key, Over<? super I, ?> over, TaskHandler handler) {
        over.source().ifPresent(steps::mention);
        String source = over.source().map(StepKey::name).orElse(StepDefinition.RUN_INPUT);
        StepDefinition step =
                steps.define(key, over.dependencies()).withOver(source).withOptions(over.optionsFrom(defaults));
        steps.add(key, step, handler);
        return this;
    }

    /**
     * Ends the workflow: its output is that of the step.
     *
     * @throws InvalidWorkflowException with every problem there is
     */
    public <O> Workflow<I, O> returns(StepKey<O> key) {
        steps.mention(key);
        return Workflow.of(steps.definition(Optional.of(key.name())), input, key.type(), steps.handlers());
    }

    /**
     * Ends the workflow: it has no output.
     *
     * @throws InvalidWorkflowException with every problem there is
     */
    public Workflow<I, Void> build() {
        return Workflow.of(steps.definition(Optional.empty()), input, Void.class, steps.handlers());
    }

    @Override
    FlowBuilder<I> undo(StepKey<?> key, Optional<Integer> maxAttempts, TaskHandler handler) {
        steps.undo(key, maxAttempts, handler);
        return this;
    }

    @Override
    FlowBuilder<I> with(UnaryOperator<StepOptions> change) {
        defaults = change.apply(defaults);
        return this;
    }
}
