package io.pgflow.workflow;

import io.pgflow.InvalidPayloadException;
import io.pgflow.internal.json.Json;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Finds what is wrong with a step that calls no handler. */
record ActionCheck(StepDefinition step, Place place, Place.Style style, List<Problem> problems) {

    /** What the database reads too; Java would also take offsets of seconds and longer years. */
    private static final Pattern TIME =
            Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?(Z|[+-]\\d\\d:\\d\\d)");

    void check() {
        if (step.action() instanceof Action.Work) {
            return;
        }
        options(step.options(), StepOptions.DEFAULT);
        if (step.action() instanceof Action.SubWorkflow run) {
            run(run);
            return;
        }
        if (step.isMap()) {
            misplaced("over", "waits for something and has no items");
        }
        if (!step.retry().equals(StepOptions.DEFAULT.retry())) {
            misplaced(retryField(step.retry(), StepOptions.DEFAULT.retry()), "is not tried again");
        }
        if (step.action() instanceof Action.Sleep sleep) {
            sleep(sleep.until(), place.field("sleep"));
        } else if (step.action() instanceof Action.AwaitSignal await) {
            signal(await);
        } else if (step.action() instanceof Approval approval) {
            new ApprovalCheck(step, style, problems).check(approval, place.field("approval"));
        }
    }

    private void options(StepOptions options, StepOptions usual) {
        if (!options.queue().equals(usual.queue())) {
            misplaced("queue", "needs no worker");
        }
        if (!options.timeout().equals(usual.timeout())) {
            misplaced("timeout", "calls no handler");
        }
        if (options.deadline().isPresent() && !(step.action() instanceof Action.SubWorkflow)) {
            misplaced("deadline", "waits as long as it says");
        }
        FlowLimits limits = options.limits();
        if (!limits.isNone()) {
            String field = !limits.concurrency().isEmpty() ? "concurrency" : "rate";
            misplaced(limits.rate().isEmpty() && field.equals("rate") ? "fairBy" : field, "needs no worker");
        }
        if (options.cache().isPresent()) {
            misplaced("cacheFor", "calls no handler");
        }
    }

    private static String retryField(RetryPolicy retry, RetryPolicy usual) {
        if (retry.maxAttempts() != usual.maxAttempts()) {
            return "maxAttempts";
        }
        if (!retry.delay().equals(usual.delay())) {
            return "retryDelay";
        }
        return retry.maxDelay().equals(usual.maxDelay()) ? "retryJitter" : "maxRetryDelay";
    }

    private void sleep(String json, Place at) {
        try {
            Object until = Json.tree(json, "the end of the sleep");
            if (until instanceof Map<?, ?> reference) {
                new ReferenceCheck(step, style, problems).check(reference, at);
            } else if (!(until instanceof String text) || !isTime(text)) {
                problems.add(ProblemCode.BAD_WAIT.at(
                        style.name(at),
                        json + " is no end of a sleep",
                        "write a duration of at most " + Limits.MAX_WAIT.toDays()
                                + " days such as \"PT1H\", a time such as"
                                + " \"2026-01-31T08:00:00Z\", or {\"$from\": ...} for where one of these stands"));
            }
        } catch (InvalidPayloadException e) {
            problems.add(ProblemCode.BAD_WAIT.at(style.name(at), e.reason()));
        }
    }

    private static boolean isTime(String text) {
        try {
            return text.startsWith("P")
                    ? isWait(Duration.parse(text))
                    : TIME.matcher(text).matches() && OffsetDateTime.parse(text).getYear() > 0;
        } catch (DateTimeException e) {
            return false;
        }
    }

    private static boolean isWait(Duration duration) {
        return !duration.isNegative() && duration.compareTo(Limits.MAX_WAIT) <= 0;
    }

    private void run(Action.SubWorkflow run) {
        if (!Limits.isName(run.workflow())) {
            problems.add(DefinitionCheck.badName("workflow", run.workflow(), style.name(place.field("workflow"))));
        }
        run.version()
                .filter(version -> version < 1)
                .ifPresent(version -> problems.add(ProblemCode.BAD_NUMBER.at(
                        style.name(place.field("version")), version + " is no version: they count from 1")));
    }

    private void signal(Action.AwaitSignal await) {
        if (!Limits.isName(await.signal())) {
            problems.add(DefinitionCheck.badName("signal", await.signal(), style.name(place.field("signal"))));
        }
        await.within()
                .filter(within -> within.isZero() || !isWait(within))
                .ifPresent(within -> problems.add(ProblemCode.BAD_WAIT.at(
                        style.name(place.field("within")),
                        within + " is not between nothing and " + Limits.MAX_WAIT.toDays() + " days",
                        "leave it out to wait for ever")));
    }

    private void misplaced(String field, String why) {
        problems.add(ProblemCode.MISPLACED_OPTION.at(
                style.name(place.field(field)),
                "\"" + step.name() + "\" " + why,
                "remove \"" + field + "\"; when, otherwise, onFailure and fallback are for such steps too"));
    }
}
