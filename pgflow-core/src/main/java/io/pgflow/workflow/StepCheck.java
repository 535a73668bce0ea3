package io.pgflow.workflow;

import io.pgflow.InvalidPayloadException;
import io.pgflow.internal.json.Json;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds what is wrong with one step: its names, its options and its input template. */
final class StepCheck {

    private final StepDefinition step;
    private final Place place;
    private final Place.Style style;
    private final List<Problem> problems;

    StepCheck(StepDefinition step, Place place, Place.Style style, List<Problem> problems) {
        this.step = step;
        this.place = place;
        this.style = style;
        this.problems = problems;
    }

    void check() {
        if (!Limits.isName(step.name())) {
            problems.add(DefinitionCheck.badName("step", step.name(), style.name(place.field("name"))));
        }
        if (!Limits.isName(step.queue())) {
            problems.add(DefinitionCheck.badName("queue", step.queue(), style.name(place.field("queue"))));
        }
        numbers(step.retry());
        durations(step.retry());
        step.input().ifPresent(template -> template(template, "input"));
        step.options()
                .when()
                .ifPresent(
                        condition -> new ConditionCheck(step, style, problems).check(condition, place.field("when")));
        otherwise(step.options());
        onFailure(step.options().onFailure());
        items(step.options().items());
        new LimitCheck(step, place, style, problems).check(step.options().limits());
        step.options().cache().ifPresent(this::cache);
        step.options().undo().ifPresent(this::undo);
        new ActionCheck(step, place, style, problems).check();
    }

    private void otherwise(StepOptions options) {
        if (options.when().isEmpty() && options.otherwise() != Otherwise.SKIP) {
            add(
                    ProblemCode.MISPLACED_OPTION,
                    place.field("otherwise"),
                    "there is no condition (when) that might not hold");
        }
    }

    private void onFailure(OnFailure onFailure) {
        if (step.isMap() && onFailure.reaction() == OnFailure.Reaction.SKIP_BRANCH) {
            problems.add(ProblemCode.MISPLACED_OPTION.at(
                    style.name(place.field("onFailure")),
                    "an item of a map cannot skip what comes after the map",
                    "use \"skip\", or a step after the map with a condition"));
        }
        onFailure.fallback().ifPresent(fallback -> {
            try {
                Json.tree(fallback, "the fallback");
            } catch (InvalidPayloadException e) {
                add(ProblemCode.MISPLACED_OPTION, place.field("fallback"), e.reason());
            }
        });
        boolean fallsBack = onFailure.reaction() == OnFailure.Reaction.FALLBACK;
        if (fallsBack != onFailure.fallback().isPresent()) {
            problems.add(ProblemCode.MISPLACED_OPTION.at(
                    style.name(place.field(fallsBack ? "onFailure" : "fallback")),
                    "a fallback and what it is for belong together",
                    fallsBack ? "add \"fallback\"" : "add \"onFailure\": \"fallback\""));
        }
    }

    private void items(Items items) {
        if (!step.isMap() && !items.equals(Items.DEFAULT)) {
            add(
                    ProblemCode.MISPLACED_OPTION,
                    place.field(items.collect() ? "collect" : "atOnce"),
                    "\"" + step.name() + "\" is no map step and has no items");
        }
        items.atOnce().ifPresent(atOnce -> {
            if (atOnce < 1 || atOnce > Limits.MAX_ITEMS) {
                add(
                        ProblemCode.BAD_NUMBER,
                        place.field("atOnce"),
                        atOnce + " is not between 1 and " + Limits.MAX_ITEMS);
            }
        });
    }

    private void cache(Caching cache) {
        template(cache.key(), "cacheKey");
        duration("cacheFor", cache.keep(), Duration.ofMillis(1));
        cache.name()
                .filter(name -> !Limits.isName(name))
                .ifPresent(name ->
                        problems.add(DefinitionCheck.badName("cache", name, style.name(place.field("cacheName")))));
    }

    private void undo(Undo undo) {
        Place at = place.field("undo");
        if (!(step.action() instanceof Action.Work || step.action() instanceof Action.SubWorkflow)) {
            problems.add(ProblemCode.BAD_UNDO.at(
                    style.name(at),
                    "\"" + step.name() + "\" only waits for something, and has nothing to undo",
                    "say it of a step that calls a handler or runs a workflow"));
        }
        if (!Limits.isHandlerName(undo.handler())) {
            problems.add(DefinitionCheck.badHandlerName(undo.handler(), style.name(at.field("handler"))));
        }
        undo.maxAttempts().ifPresent(attempts -> attempts(attempts, at.field("maxAttempts")));
    }

    private void attempts(int attempts, Place at) {
        if (attempts < 1 || attempts > Limits.MAX_ATTEMPTS) {
            add(ProblemCode.BAD_NUMBER, at, attempts + " is not between 1 and " + Limits.MAX_ATTEMPTS);
        }
    }

    private void numbers(RetryPolicy retry) {
        attempts(retry.maxAttempts(), place.field("maxAttempts"));
        if (!(retry.jitter() >= 0 && retry.jitter() <= 1)) {
            add(ProblemCode.BAD_NUMBER, place.field("retryJitter"), retry.jitter() + " is not between 0 and 1");
        }
    }

    private void durations(RetryPolicy retry) {
        duration("timeout", step.timeout(), Limits.MIN_TIMEOUT);
        step.options()
                .deadline()
                .ifPresent(deadline -> duration("deadline", deadline, Limits.MIN_TIMEOUT, Limits.MAX_DEADLINE));
        duration("retryDelay", retry.delay(), Duration.ZERO);
        duration("maxRetryDelay", retry.maxDelay(), Duration.ZERO);
        if (retry.maxDelay().compareTo(retry.delay()) < 0) {
            problems.add(ProblemCode.BAD_DURATION.at(
                    style.name(place.field("maxRetryDelay")),
                    retry.maxDelay() + " is shorter than the first delay, " + retry.delay(),
                    "set maxRetryDelay to " + retry.delay() + " or more"));
        }
    }

    private void duration(String field, Duration value, Duration least) {
        duration(field, value, least, Limits.MAX_DURATION);
    }

    private void duration(String field, Duration value, Duration least, Duration most) {
        DefinitionCheck.durationProblem(value, least, most, style.name(place.field(field)))
                .ifPresent(problems::add);
    }

    private void template(String json, String field) {
        Place input = place.field(field);
        try {
            part(Json.tree(json, "the input template"), input);
        } catch (InvalidPayloadException e) {
            add(ProblemCode.BAD_TEMPLATE, input, e.reason());
        }
    }

    private void part(@Nullable Object part, Place at) {
        if (part instanceof Map<?, ?> object) {
            if (InputTemplate.isReference(object)) {
                new ReferenceCheck(step, style, problems).check(object, at);
            } else {
                object.forEach((key, value) -> part(value, at.field(String.valueOf(key))));
            }
        } else if (part instanceof List<?> list) {
            for (int i = 0; i < list.size(); i++) {
                part(list.get(i), at.index(i));
            }
        }
    }

    private void add(ProblemCode code, Place at, String message) {
        problems.add(code.at(style.name(at), message));
    }
}
