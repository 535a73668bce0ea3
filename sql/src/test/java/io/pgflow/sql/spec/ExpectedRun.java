package io.pgflow.sql.spec;

import io.pgflow.sql.spec.ExpectedCourse.Place;
import io.pgflow.sql.spec.ExpectedStep.Kind;
import io.pgflow.sql.spec.ExpectedTask.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * What the tables must show of one run, command by command: the rules of the design, for any graph of steps that work, map and ask people,
 * with conditions. Commands return what they must answer.
 */
final class ExpectedRun {
    private final List<ExpectedStep> steps = new ArrayList<>();
    private final int input;
    private final ExpectedCourse course;

    /** A graph of up to 25 steps, each after up to 3 of those before it. */
    ExpectedRun(Random random) {
        int count = 1 + random.nextInt(25);
        for (int i = 0; i < count; i++) {
            steps.add(new ExpectedStep(random, List.copyOf(steps)));
        }
        input = random.nextInt(4);
        course = new ExpectedCourse(steps, input);
    }

    String definition(String workflow) {
        return steps.stream()
                .map(ExpectedStep::definition)
                .collect(Collectors.joining(", ", "{\"name\": \"" + workflow + "\", \"steps\": [", "]}"));
    }

    String input() {
        return ExpectedStep.array(input);
    }

    /** As {@link Session#states} gives it. */
    String states() {
        return steps.stream()
                .flatMap(ExpectedStep::states)
                .collect(Collectors.joining(", ", course.state() + ": ", ""));
    }

    State state() {
        return course.state();
    }

    List<ExpectedStep> steps() {
        return List.copyOf(steps);
    }

    List<ExpectedStep> mapsWithItems() {
        return steps.stream().filter(step -> !step.items.isEmpty()).toList();
    }

    List<ExpectedStep> openQuestions() {
        return steps.stream()
                .filter(step -> step.kind == Kind.QUESTION && step.task.is(State.RUNNING))
                .toList();
    }

    long scheduled() {
        return held(State.SCHEDULED).size();
    }

    /** A report of this attempt counts. */
    boolean isHeldBy(Claim claim) {
        return place(claim).task().isHeldBy(claim);
    }

    /** What a worker gets: the input of the run, or the element; and what came before, where that can be told. */
    void claim(Claim claim, UUID run) {
        Place place = place(claim);
        place.task().claim(claim);
        String given = place.isItem() ? place.step().inputOfItem(claim.item()) : input();
        String outputs = place.isItem() ? null : place.step().outputsOfParents();
        Claim expected = new Claim(
                run,
                claim.step(),
                claim.item(),
                claim.fence(),
                claim.attempt(),
                given == null ? claim.input() : given,
                outputs == null ? claim.outputs() : outputs,
                place.step().name());
        if (!claim.equals(expected)) {
            throw new AssertionError("claimed " + claim + " in place of " + expected);
        }
    }

    void complete(Claim claim, int elements) {
        Place place = place(claim);
        place.task().become(State.SUCCEEDED);
        if (!place.isItem()) {
            place.step().gave = elements;
        }
        course.goOnAfter(place);
    }

    /** Handlers failed, some in a way that cannot be tried again. */
    void fail(List<Claim> claims, List<Boolean> retryable) {
        List<Place> failing = new ArrayList<>();
        for (int i = 0; i < claims.size(); i++) {
            Place place = place(claims.get(i));
            if (!retryable.get(i) || !place.task().fail(place.step().maxAttempts)) {
                failing.add(place);
            }
        }
        course.fail(failing, false);
    }

    /** The worker is lost with all that it runs. */
    void lose() {
        course.fail(
                held(State.RUNNING).stream()
                        .filter(place -> !place.task().lose())
                        .toList(),
                true);
    }

    /** The worker stops in good order. */
    void retire() {
        held(State.RUNNING).forEach(place -> place.task().release());
    }

    void anHourPasses() {
        course.anHourPasses();
    }

    /** Retries are due, and questions that nobody answered in time are rejected. */
    void fire() {
        held(State.RETRYING).forEach(place -> place.task().become(State.SCHEDULED));
        openQuestions().stream().filter(course::isOverdue).forEach(question -> course.answer(question, false));
    }

    boolean answer(ExpectedStep question, boolean approves) {
        boolean counts = openQuestions().contains(question) && !course.isOverdue(question);
        if (counts) {
            course.answer(question, approves);
        }
        return counts;
    }

    /** A person passes over a step that waits. */
    boolean skip(ExpectedStep step) {
        return state() == State.RUNNING && endByHand(step, 0, State.SKIPPED);
    }

    /** A person skips a task or gives its output, also when it failed or was cancelled: then the run goes on. */
    boolean endByHand(ExpectedStep step, int item, State how) {
        ExpectedTask task = step.task(item);
        boolean waitsForPeople = openQuestions().contains(step);
        if (task == null
                || task.hasEndedWell()
                || (task.is(State.RUNNING) && !waitsForPeople)
                || (item > 0 && step.task.hasEndedWell())) {
            return false;
        }
        boolean again = state() != State.RUNNING;
        if (again) {
            course.restart(item == 0 ? step : null);
        } else if (task.hasEndedBadly()) {
            task.restart();
        }
        boolean waitedForParents = task.is(State.PENDING);
        task.become(how);
        if (item == 0 && how == State.SUCCEEDED) {
            step.substitute();
        }
        course.goOnAfterPerson(new Place(step, task), waitedForParents);
        if (again) {
            course.goOn();
        }
        return true;
    }

    boolean cancel() {
        boolean counts = state() == State.RUNNING;
        if (counts) {
            course.end(State.CANCELLED);
        }
        return counts;
    }

    /** What is left of a run that failed or was cancelled begins anew. */
    boolean retry() {
        boolean counts = state() == State.FAILED || state() == State.CANCELLED;
        if (counts) {
            course.restart(null);
            course.goOn();
        }
        return counts;
    }

    /** Does what the commands before left; until then that cannot be told from what the tables show. */
    void settle() {
        course.settle();
    }

    private List<Place> held(State state) {
        return steps.stream()
                .flatMap(step -> step.workable().map(task -> new Place(step, task)))
                .filter(place -> place.task().is(state))
                .toList();
    }

    private Place place(Claim claim) {
        ExpectedStep step = steps.get(claim.step() - 1);
        ExpectedTask task = step.task(claim.item());
        if (task == null) {
            throw new AssertionError(claim + " is of no task that is expected in " + states());
        }
        return new Place(step, task);
    }
}
