package io.pgflow.workflow;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Finds what is wrong with the limits of a step. */
final class LimitCheck {

    private static final long MOST_UNITS = 1_000_000_000_000L;
    private static final Duration SHORTEST = Duration.ofMillis(10);

    /** What limits count apart by; the period is zero for limits of concurrency. */
    private record Counter(Optional<String> name, Duration per, boolean byKey) {}

    private final StepDefinition step;
    private final Place place;
    private final Place.Style style;
    private final List<Problem> problems;
    private final Set<Counter> counters = new HashSet<>();

    LimitCheck(StepDefinition step, Place place, Place.Style style, List<Problem> problems) {
        this.step = step;
        this.place = place;
        this.style = style;
        this.problems = problems;
    }

    void check(FlowLimits limits) {
        for (int i = 0; i < limits.concurrency().size(); i++) {
            Concurrency one = limits.concurrency().get(i);
            Place at = place.field("concurrency").index(i);
            number(one.limit(), at);
            name(one.name(), at);
            one.by().ifPresent(by -> part(by, at.field("by")));
            apart(one.name(), Duration.ZERO, one.by(), at);
        }
        for (int i = 0; i < limits.rate().size(); i++) {
            Rate one = limits.rate().get(i);
            Place at = place.field("rate").index(i);
            number(one.limit(), at);
            period(one.per(), at.field("per"));
            name(one.name(), at);
            one.by().ifPresent(by -> part(by, at.field("by")));
            one.weight().ifPresent(weight -> part(weight, at.field("weight")));
            apart(one.name(), one.per(), one.by(), at);
        }
        limits.fairBy().ifPresent(by -> part(by, place.field("fairBy")));
    }

    private void number(long limit, Place at) {
        if (limit < 1 || limit > MOST_UNITS) {
            bad(at.field("limit"), limit + " is not between 1 and " + MOST_UNITS, "pause the step to stop it");
        }
    }

    private void name(Optional<String> name, Place at) {
        if (name.isPresent() && !Limits.isName(name.get())) {
            problems.add(DefinitionCheck.badName("limit", name.get(), style.name(at.field("name"))));
        }
    }

    /** Limits count apart by their kind, name and period, and with a key apart from without: two that do not would be one counter. */
    private void apart(Optional<String> name, Duration per, Optional<Part> by, Place at) {
        if (!counters.add(new Counter(name, per, by.isPresent()))) {
            bad(at, "it counts the same as one before it", "leave one out, or give one of them a name");
        }
    }

    private void period(Duration per, Place at) {
        if (per.compareTo(SHORTEST) < 0
                || per.compareTo(Limits.MAX_DURATION) > 0
                || !per.truncatedTo(ChronoUnit.MILLIS).equals(per)) {
            bad(at, per + " is not between " + SHORTEST + " and 30 days in whole milliseconds", "write \"PT1M\"");
        }
    }

    private void part(Part part, Place at) {
        List<String> known = new ArrayList<>(step.dependencies());
        known.add(StepDefinition.RUN_INPUT);
        if (step.isMap()) {
            known.add(Part.ITEM);
        }
        if (!InputTemplate.isPointer(part.pointer())) {
            bad(at, "\"" + part.pointer() + "\" is no JSON Pointer", "write \"/tenant\"");
        }
        if (!known.contains(part.from())) {
            bad(
                    at,
                    "\"" + step.name() + "\" knows no \"" + part.from() + "\"",
                    DidYouMean.question(part.from(), known).orElse("look at one of " + String.join(", ", known)));
        }
    }

    private void bad(Place at, String message, String mend) {
        problems.add(ProblemCode.BAD_LIMIT.at(style.name(at), message, mend));
    }
}
