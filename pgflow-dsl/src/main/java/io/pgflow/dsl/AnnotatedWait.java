package io.pgflow.dsl;

import io.pgflow.dsl.annotation.Wait;
import io.pgflow.workflow.Action;
import io.pgflow.workflow.Approval;
import io.pgflow.workflow.Condition;
import io.pgflow.workflow.OnFailure;
import io.pgflow.workflow.Problem;
import io.pgflow.workflow.ProblemCode;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.StepOptions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A step that a class has without a method. */
record AnnotatedWait(Wait said, String place) {

    static List<AnnotatedWait> of(Class<?> type) {
        return List.of(type.getAnnotationsByType(Wait.class)).stream()
                .map(wait -> new AnnotatedWait(wait, type.getSimpleName() + ", @Wait(\"" + wait.value() + "\")"))
                .toList();
    }

    StepDefinition definition(List<Problem> problems) {
        long things = Stream.of(said.sleep(), said.signal(), said.approval())
                .filter(text -> !text.isEmpty())
                .count();
        if (things != 1) {
            problems.add(ProblemCode.BAD_CLASS.at(
                    place, "a step waits for one thing", "say one of sleep, signal and approval"));
        }
        if (!said.within().isEmpty() && said.signal().isEmpty()) {
            problems.add(ProblemCode.MISPLACED_OPTION.at(place, "within belongs to a signal", "remove it"));
        }
        StepOptions usual = StepOptions.DEFAULT;
        StepOptions options = new StepOptions(
                usual.queue(),
                usual.timeout(),
                usual.deadline(),
                usual.retry(),
                StepAttributes.written(said.when()).map(Condition::new),
                said.otherwise(),
                new OnFailure(said.onFailure(), StepAttributes.written(said.fallback())),
                usual.items(),
                usual.limits(),
                usual.cache(),
                usual.undo());
        return StepDefinition.of(said.value(), action(problems))
                .withAfter(said.after())
                .withOptions(options);
    }

    private Action action(List<Problem> problems) {
        if (!said.approval().isEmpty()) {
            return new Approval(said.approval());
        }
        if (said.signal().isEmpty()) {
            return Action.Sleep.written(said.sleep());
        }
        Optional<Duration> within = StepAttributes.written(said.within())
                .map(text -> StepAttributes.duration(text, Duration.ofDays(1), place + ", within", problems));
        return new Action.AwaitSignal(said.signal(), within);
    }
}
