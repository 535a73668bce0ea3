package io.pgflow.dsl;

import io.pgflow.dsl.annotation.MapStep;
import io.pgflow.dsl.annotation.Step;
import io.pgflow.dsl.annotation.SubWorkflow;
import io.pgflow.workflow.Caching;
import io.pgflow.workflow.Condition;
import io.pgflow.workflow.Items;
import io.pgflow.workflow.OnFailure;
import io.pgflow.workflow.Otherwise;
import io.pgflow.workflow.Problem;
import io.pgflow.workflow.ProblemCode;
import io.pgflow.workflow.RetryPolicy;
import io.pgflow.workflow.StepOptions;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** What {@link Step}, {@link MapStep} and {@link SubWorkflow} say alike, and how a map step goes through its items. */
record StepAttributes(
        String name,
        boolean map,
        List<String> after,
        Written options,
        Decisions decisions,
        Items items,
        WrittenLimits limits,
        Cached cached) {

    /** The options as they are written, durations not yet read. */
    record Written(
            String queue,
            int maxAttempts,
            double jitter,
            String timeout,
            String deadline,
            String retryDelay,
            String maxRetryDelay) {}

    /** Whether the step runs, and what follows when it fails, as it is written. */
    record Decisions(String when, Otherwise otherwise, OnFailure.Reaction onFailure, String fallback) {}

    /** The cache as it is written. */
    record Cached(String keep, String key, String name) {}

    static StepAttributes of(@Nullable Step step, @Nullable MapStep map) {
        if (map != null) {
            return new StepAttributes(
                    map.value(),
                    true,
                    List.of(map.after()),
                    new Written(
                            map.queue(),
                            map.maxAttempts(),
                            map.retryJitter(),
                            map.timeout(),
                            map.deadline(),
                            map.retryDelay(),
                            map.maxRetryDelay()),
                    new Decisions(map.when(), map.otherwise(), map.onFailure(), map.fallback()),
                    new Items(map.collect(), map.atOnce() == 0 ? OptionalInt.empty() : OptionalInt.of(map.atOnce())),
                    new WrittenLimits(List.of(map.concurrency()), List.of(map.rate()), map.fairBy()),
                    new Cached(map.cacheFor(), map.cacheKey(), map.cacheName()));
        }
        if (step == null) {
            throw new IllegalArgumentException("the method is no step");
        }
        return new StepAttributes(
                step.value(),
                false,
                List.of(step.after()),
                new Written(
                        step.queue(),
                        step.maxAttempts(),
                        step.retryJitter(),
                        step.timeout(),
                        step.deadline(),
                        step.retryDelay(),
                        step.maxRetryDelay()),
                new Decisions(step.when(), step.otherwise(), step.onFailure(), step.fallback()),
                Items.DEFAULT,
                new WrittenLimits(List.of(step.concurrency()), List.of(step.rate()), step.fairBy()),
                new Cached(step.cacheFor(), step.cacheKey(), step.cacheName()));
    }

    /** What a step that runs another workflow says; the rest of the options means nothing to it, and is the usual. */
    static StepAttributes of(SubWorkflow run) {
        StepOptions usual = StepOptions.DEFAULT;
        return new StepAttributes(
                run.value(),
                !run.over().isEmpty(),
                List.of(run.after()),
                new Written(
                        usual.queue(),
                        run.maxAttempts(),
                        run.retryJitter(),
                        usual.timeout().toString(),
                        run.deadline(),
                        run.retryDelay(),
                        run.maxRetryDelay()),
                new Decisions(run.when(), run.otherwise(), run.onFailure(), run.fallback()),
                new Items(run.collect(), run.atOnce() == 0 ? OptionalInt.empty() : OptionalInt.of(run.atOnce())),
                new WrittenLimits(List.of(), List.of(), ""),
                new Cached("", "", ""));
    }

    StepOptions options(String place, List<Problem> problems) {
        StepOptions usual = StepOptions.DEFAULT;
        RetryPolicy retry = new RetryPolicy(
                options.maxAttempts(),
                duration(options.retryDelay(), usual.retry().delay(), place + ", retryDelay", problems),
                duration(options.maxRetryDelay(), usual.retry().maxDelay(), place + ", maxRetryDelay", problems),
                options.jitter());
        return new StepOptions(
                options.queue(),
                duration(options.timeout(), usual.timeout(), place + ", timeout", problems),
                written(options.deadline())
                        .map(deadline -> duration(deadline, Duration.ofDays(1), place + ", deadline", problems)),
                retry,
                written(decisions.when()).map(Condition::new),
                decisions.otherwise(),
                new OnFailure(decisions.onFailure(), written(decisions.fallback())),
                items,
                limits.read(place, problems),
                cache(place, problems),
                Optional.empty()); // said by a method of its own
    }

    private Optional<Caching> cache(String place, List<Problem> problems) {
        boolean keeps = !cached.keep().isEmpty();
        if (keeps == cached.key().isEmpty() || (!keeps && !cached.name().isEmpty())) {
            problems.add(ProblemCode.MISPLACED_OPTION.at(
                    place,
                    "cacheFor and cacheKey belong together, and cacheName to both",
                    "give cacheFor and cacheKey, or none of the three"));
        }
        return keeps
                ? Optional.of(new Caching(
                        cached.key(),
                        duration(cached.keep(), Duration.ofHours(1), place + ", cacheFor", problems),
                        written(cached.name())))
                : Optional.empty();
    }

    /** Nothing for an empty text, which is how an annotation leaves something out. */
    static Optional<String> written(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }

    static Duration duration(String text, Duration standIn, String place, List<Problem> problems) {
        try {
            return Duration.parse(text);
        } catch (DateTimeException e) {
            problems.add(ProblemCode.BAD_DURATION.at(
                    place, "\"" + text + "\" is no ISO-8601 duration", "write 30 seconds as \"PT30S\""));
            return standIn;
        }
    }
}
