package io.pgflow.dsl;

import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.StepOptions;
import java.util.List;
import java.util.function.UnaryOperator;

/** What a plain step waits for, and how it is run. Made by {@link FlowBuilder#after}; never changes, each word gives another. */
public final class After extends OptionVerbs<After> {

    private final List<StepKey<?>> dependencies;
    private final UnaryOperator<StepOptions> change;

    After(List<StepKey<?>> dependencies, UnaryOperator<StepOptions> change) {
        this.dependencies = List.copyOf(dependencies);
        this.change = change;
    }

    @Override
    After with(UnaryOperator<StepOptions> more) {
        return new After(dependencies, options -> more.apply(change.apply(options)));
    }

    List<StepKey<?>> dependencies() {
        return dependencies;
    }

    StepOptions optionsFrom(StepOptions defaults) {
        return change.apply(defaults);
    }
}
