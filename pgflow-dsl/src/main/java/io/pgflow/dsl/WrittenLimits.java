package io.pgflow.dsl;

import io.pgflow.dsl.annotation.AtMost;
import io.pgflow.dsl.annotation.AtOnce;
import io.pgflow.workflow.Concurrency;
import io.pgflow.workflow.FlowLimits;
import io.pgflow.workflow.Part;
import io.pgflow.workflow.Problem;
import io.pgflow.workflow.Rate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The limits of a step as annotations write them. */
record WrittenLimits(List<AtOnce> concurrency, List<AtMost> rate, String fairBy) {

    FlowLimits read(String place, List<Problem> problems) {
        return new FlowLimits(
                concurrency.stream()
                        .map(one -> new Concurrency(one.value(), StepAttributes.written(one.name()), part(one.by())))
                        .toList(),
                rate.stream().map(one -> rate(one, place, problems)).toList(),
                part(fairBy));
    }

    private static Rate rate(AtMost one, String place, List<Problem> problems) {
        return new Rate(
                one.value(),
                StepAttributes.duration(one.per(), Duration.ofMinutes(1), place + ", rate", problems),
                StepAttributes.written(one.name()),
                part(one.by()),
                part(one.weight()));
    }

    private static Optional<Part> part(String text) {
        return StepAttributes.written(text).map(Part::of);
    }
}
