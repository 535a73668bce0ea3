package io.pgflow.dsl;

import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.StepOptions;
import io.pgflow.workflow.Undo;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A step of a workflow made at run time: which registered handler it calls, or what else it does, what it comes after and what it
 * reads. Made by {@link FlowBuilder#handler} and {@link FlowBuilder#action}; never changes, each word gives another.
 */
public final class RuntimeStep extends OptionVerbs<RuntimeStep> {

    private final StepDefinition step;
    private final UnaryOperator<StepOptions> change;

    RuntimeStep(StepDefinition step, UnaryOperator<StepOptions> change) {
        this.step = step;
        this.change = change;
    }

    /** Waits for these steps too. */
    public RuntimeStep after(String... steps) {
        List<String> all = new ArrayList<>(step.after());
        all.addAll(List.of(steps));
        return new RuntimeStep(step.withAfter(all), change);
    }

    /** Maps over the list that this step gives; only for {@link RuntimeFlowBuilder#map}. */
    public RuntimeStep over(String source) {
        return new RuntimeStep(step.withOver(source), change);
    }

    /** Maps over the run's input, which is a list; only for {@link RuntimeFlowBuilder#map}. */
    public RuntimeStep overInput() {
        return over(StepDefinition.RUN_INPUT);
    }

    /** What the handler reads, as a JSON template; see {@link io.pgflow.workflow.RegisteredHandler}. */
    public RuntimeStep input(String json) {
        return new RuntimeStep(step.withInput(json), change);
    }

    /** How many items may be SCHEDULED or on their way at once, 1 to 100,000; only for {@link RuntimeFlowBuilder#map}. */
    public RuntimeStep atOnce(int items) {
        return with(options -> options.withItems(all -> all.withAtOnce(items)));
    }

    /** Items may fail: the output is {@code {"outputs": [...], "errors": [...]}}; only for {@link RuntimeFlowBuilder#map}. */
    public RuntimeStep collect() {
        return with(options -> options.withItems(all -> all.withCollect(true)));
    }

    /** Takes back what the step did when the run fails or is cancelled: a registered handler, which gets the step's output. */
    public RuntimeStep undo(String handler) {
        return with(options -> options.withUndo(Undo.by(handler)));
    }

    /** The same with so many attempts, 1 to 100; as many as the step has unless said. */
    public RuntimeStep undo(String handler, int maxAttempts) {
        return with(options -> options.withUndo(Undo.by(handler).withMaxAttempts(maxAttempts)));
    }

    @Override
    RuntimeStep with(UnaryOperator<StepOptions> more) {
        return new RuntimeStep(step, options -> more.apply(change.apply(options)));
    }

    StepDefinition named(String name, StepOptions defaults) {
        StepOptions from = defaults.meantFor(step.action());
        return new StepDefinition(name, step.action(), step.after(), step.over(), change.apply(from));
    }
}
