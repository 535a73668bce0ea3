package io.pgflow.dsl;

import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.StepOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A step of a workflow made at run time: which registered handler it calls, what it waits for and what it reads. Made by
 * {@link FlowBuilder#handler}; never changes, each word gives another.
 */
public final class HandlerStep extends OptionVerbs<HandlerStep> {

    private final StepDefinition step;
    private final UnaryOperator<StepOptions> change;

    HandlerStep(StepDefinition step, UnaryOperator<StepOptions> change) {
        this.step = step;
        this.change = change;
    }

    /** Waits for these steps too. */
    public HandlerStep after(String... steps) {
        List<String> all = new ArrayList<>(step.after());
        all.addAll(List.of(steps));
        return new HandlerStep(step.withAfter(all), change);
    }

    /** Maps over the list that this step gives; only for {@link RuntimeFlowBuilder#map}. */
    public HandlerStep over(String source) {
        return new HandlerStep(step.withOver(source), change);
    }

    /** Maps over the run's input, which is a list; only for {@link RuntimeFlowBuilder#map}. */
    public HandlerStep overInput() {
        return over(StepDefinition.RUN_INPUT);
    }

    /** What the handler reads, as a JSON template; see {@link io.pgflow.workflow.RegisteredHandler}. */
    public HandlerStep input(String json) {
        return new HandlerStep(step.withInput(json), change);
    }

    /** How many items may be SCHEDULED or on their way at once, 1 to 100,000; only for {@link RuntimeFlowBuilder#map}. */
    public HandlerStep atOnce(int items) {
        return with(options -> options.withItems(all -> all.withAtOnce(items)));
    }

    /** Items may fail: the output is {@code {"outputs": [...], "errors": [...]}}; only for {@link RuntimeFlowBuilder#map}. */
    public HandlerStep collect() {
        return with(options -> options.withItems(all -> all.withCollect(true)));
    }

    @Override
    HandlerStep with(UnaryOperator<StepOptions> more) {
        return new HandlerStep(step, options -> more.apply(change.apply(options)));
    }

    StepDefinition named(String name, StepOptions defaults) {
        return new StepDefinition(
                name, step.handler(), step.after(), step.over(), change.apply(defaults), step.input());
    }
}
