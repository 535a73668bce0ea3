package io.pgflow.workflow;

import io.pgflow.InvalidPayloadException;
import io.pgflow.internal.json.Json;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Finds everything that is wrong with the graph of a definition; {@link StepCheck} looks at each step alone. */
final class DefinitionCheck {

    private final String workflow;
    private final List<StepDefinition> steps;
    private final Place.Style style;
    private final List<Problem> problems = new ArrayList<>();
    private final Map<String, Integer> indexes = new HashMap<>();

    private DefinitionCheck(String workflow, List<StepDefinition> steps, Place.Style style) {
        this.workflow = workflow;
        this.steps = steps;
        this.style = style;
    }

    static List<Problem> problems(
            String name,
            List<StepDefinition> steps,
            Optional<String> returns,
            Optional<Duration> deadline,
            Place.Style style) {
        DefinitionCheck check = new DefinitionCheck(name, steps, style);
        if (!Limits.isName(name) && !Limits.isUndoName(name)) {
            check.problems.add(badName("workflow", name, check.name(Place.WORKFLOW.field("name"))));
        }
        check.count();
        check.names();
        for (int i = 0; i < steps.size(); i++) {
            check.step(steps.get(i), Place.step(i, steps.get(i).name()));
        }
        check.cycles();
        returns.ifPresent(check::returns);
        deadline.flatMap(value -> durationProblem(
                        value, Limits.MIN_TIMEOUT, Limits.MAX_DEADLINE, check.name(Place.WORKFLOW.field("deadline"))))
                .ifPresent(check.problems::add);
        if (check.problems.isEmpty()) {
            check.size(name, returns, deadline);
        }
        return List.copyOf(check.problems);
    }

    static Problem badName(String what, String name, String place) {
        return new Problem(
                ProblemCode.BAD_NAME.code(),
                place,
                "\"" + name + "\" is no name for a " + what
                        + ": a name is a small letter, then up to 39 small letters, digits and underscores",
                DidYouMean.name(name).map(near -> "did you mean \"" + near + "\"?"));
    }

    static Problem badHandlerName(String name, String place) {
        return ProblemCode.BAD_HANDLER_NAME.at(
                place,
                "\"" + name + "\" is no name for a handler",
                "use one to four names of small letters, digits and underscores joined by dots, such as \"image.resize\"");
    }

    /** What is wrong with a duration; nothing when it is between these bounds, in whole milliseconds. */
    static Optional<Problem> durationProblem(Duration value, Duration least, Duration most, String place) {
        if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
            return Optional.of(ProblemCode.BAD_DURATION.at(
                    place, value + " is not between " + least + " and " + most + " (" + most.toDays() + " days)"));
        }
        return value.truncatedTo(ChronoUnit.MILLIS).equals(value)
                ? Optional.empty()
                : Optional.of(ProblemCode.BAD_DURATION.at(place, value + " is finer than a millisecond"));
    }

    private String name(Place place) {
        return style.name(place);
    }

    private void count() {
        String place = name(Place.WORKFLOW.field("steps"));
        if (steps.isEmpty()) {
            problems.add(ProblemCode.NO_STEPS.at(place, "a workflow has at least one step"));
        }
        if (steps.size() > Limits.MAX_STEPS) {
            problems.add(ProblemCode.TOO_MANY_STEPS.at(
                    place,
                    "there are " + steps.size() + " steps and the limit is " + Limits.MAX_STEPS,
                    "use a map step for work that repeats"));
        }
    }

    private void names() {
        for (int i = 0; i < steps.size(); i++) {
            String name = steps.get(i).name();
            Integer first = indexes.putIfAbsent(name, i);
            if (first != null) {
                problems.add(ProblemCode.DUPLICATE_STEP.at(
                        name(Place.step(i, name).field("name")),
                        "\"" + name + "\" is already the name of steps[" + first + "]"));
            }
        }
    }

    private void step(StepDefinition step, Place place) {
        handler(step, place);
        new StepCheck(step, place, style, problems).check();
        if (step.dependencies().size() > Limits.MAX_DEPENDENCIES) {
            problems.add(ProblemCode.TOO_MANY_DEPENDENCIES.at(
                    name(place.field("after")),
                    "\"" + step.name() + "\" has " + step.dependencies().size() + " dependencies and the limit is "
                            + Limits.MAX_DEPENDENCIES,
                    "join in several steps"));
        }
        Set<String> seen = new HashSet<>();
        step.over().ifPresent(source -> {
            over(step, source, place.field("over"));
            seen.add(source);
        });
        for (int i = 0; i < step.after().size(); i++) {
            String parent = step.after().get(i);
            dependency(step, parent, seen.add(parent), place.field("after").index(i));
        }
    }

    /** A name that is made of the workflow's and the step's is as good as those are, and they are reported themselves. */
    private void handler(StepDefinition step, Place place) {
        step.handler()
                .filter(handler -> !handler.equals(workflow + "." + step.name()) && !Limits.isHandlerName(handler))
                .ifPresent(handler -> problems.add(badHandlerName(handler, name(place.field("handler")))));
    }

    private void over(StepDefinition step, String source, Place place) {
        if (source.equals(step.name())) {
            problems.add(ProblemCode.SELF_DEPENDENCY.at(name(place), "\"" + source + "\" maps over itself"));
        } else if (!source.equals(StepDefinition.RUN_INPUT) && !isPartOfInput(source) && !indexes.containsKey(source)) {
            List<String> names = new ArrayList<>(indexes.keySet());
            names.add(StepDefinition.RUN_INPUT);
            problems.add(new Problem(
                    ProblemCode.BAD_OVER.code(),
                    name(place),
                    "\"" + source + "\" is neither a step nor \"" + StepDefinition.RUN_INPUT + "\"",
                    DidYouMean.question(source, names)));
        } else if (indexes.containsKey(source)
                && steps.get(indexes.get(source)).options().items().collect()) {
            problems.add(ProblemCode.BAD_OVER.at(
                    name(place),
                    "\"" + source + "\" collects: it gives outputs and errors, and no list",
                    "map over a step after it that gives the list"));
        }
    }

    /** Only workflows that the engine made map over a field of the run's input. */
    private boolean isPartOfInput(String source) {
        return Limits.isUndoName(workflow) && source.startsWith(StepDefinition.RUN_INPUT + "/");
    }

    private void dependency(StepDefinition step, String parent, boolean first, Place place) {
        if (parent.equals(step.name())) {
            problems.add(ProblemCode.SELF_DEPENDENCY.at(name(place), "\"" + parent + "\" depends on itself"));
        } else if (!first) {
            problems.add(ProblemCode.DUPLICATE_DEPENDENCY.at(
                    name(place), "\"" + step.name() + "\" already depends on \"" + parent + "\"", "remove this one"));
        } else if (!indexes.containsKey(parent)) {
            problems.add(unknown(ProblemCode.UNKNOWN_DEPENDENCY, parent, place));
        }
    }

    private Problem unknown(ProblemCode code, String step, Place place) {
        return new Problem(
                code.code(),
                name(place),
                "there is no step \"" + step + "\"",
                DidYouMean.question(step, indexes.keySet()));
    }

    private void cycles() {
        for (List<String> cycle : TopologicalOrder.cycles(steps)) {
            String first = cycle.get(0);
            Place place = Place.step(indexes.getOrDefault(first, 0), first);
            problems.add(ProblemCode.CYCLE.at(
                    name(place.field("after")),
                    "these steps wait for each other: " + String.join(" -> ", cycle) + " -> " + first,
                    "remove one of these dependencies"));
        }
    }

    private void returns(String step) {
        if (!indexes.containsKey(step)) {
            problems.add(unknown(ProblemCode.UNKNOWN_RETURNS, step, Place.WORKFLOW.field("returns")));
        }
    }

    private void size(String name, Optional<String> returns, Optional<Duration> deadline) {
        try {
            Json.check(
                    DefinitionWriter.write(name, steps, returns, deadline),
                    "the definition",
                    Limits.MAX_DEFINITION_BYTES);
        } catch (InvalidPayloadException e) {
            problems.add(ProblemCode.TOO_LARGE.at(name(Place.WORKFLOW), e.reason()));
        }
    }
}
