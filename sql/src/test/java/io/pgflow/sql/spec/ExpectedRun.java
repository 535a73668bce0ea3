package io.pgflow.sql.spec;

import io.pgflow.sql.spec.ExpectedStep.Kind;
import io.pgflow.sql.spec.ExpectedTask.State;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the tables must show of one run: the rules of the design, for any graph of steps that work, map and ask people, with conditions.
 * As in the engine some things wait to be settled: that comes after each command, those that failed before those that went well.
 */
final class ExpectedRun {
    private static final Comparator<ExpectedStep> IN_ORDER = Comparator.comparing(step -> step.number);

    private final List<ExpectedStep> steps = new ArrayList<>();
    private final int input;
    private final Set<ExpectedStep> unsettled = new HashSet<>();
    private final Set<ExpectedStep> rejected = new HashSet<>();
    private final Set<ExpectedStep> refused = new HashSet<>();
    private State state = State.RUNNING;
    private int hour;

    /** A graph of up to 25 steps, each after up to 3 of those before it. */
    ExpectedRun(Random random) {
        int count = 1 + random.nextInt(25);
        for (int i = 0; i < count; i++) {
            steps.add(new ExpectedStep(random, List.copyOf(steps)));
        }
        input = random.nextInt(4);
        goOn();
        settle();
    }

    String definition(String workflow) {
        return steps.stream()
                .map(ExpectedStep::definition)
                .collect(Collectors.joining(", ", "{\"name\": \"" + workflow + "\", \"steps\": [", "]}"));
    }

    String input() {
        return array(input);
    }

    /** An array of so many elements, or something that is none. */
    static String array(int elements) {
        return elements == ExpectedStep.NO_ARRAY
                ? "7"
                : Collections.nCopies(elements, 1).toString();
    }

    /** As {@link Session#states} gives it. */
    String states() {
        return steps.stream().flatMap(ExpectedStep::states).collect(Collectors.joining(", ", state + ": ", ""));
    }

    State state() {
        return state;
    }

    int steps() {
        return steps.size();
    }

    ExpectedStep step(int number) {
        return steps.get(number - 1);
    }

    List<ExpectedStep> openQuestions() {
        return steps.stream()
                .filter(step -> step.kind == Kind.QUESTION && step.task.is(State.RUNNING))
                .toList();
    }

    List<ExpectedStep> mapsWithItems() {
        return steps.stream().filter(step -> !step.items.isEmpty()).toList();
    }

    /** The worker holds it, so that its report counts. */
    boolean isRunning(Claim claim) {
        return held(claim).is(State.RUNNING);
    }

    void claim(Claim claim) {
        if (!held(claim).is(State.SCHEDULED)) {
            throw new AssertionError(claim + " was claimed while " + states());
        }
        held(claim).become(State.RUNNING);
    }

    void complete(Claim claim, int elements) {
        ExpectedStep step = step(claim.step());
        held(claim).become(State.SUCCEEDED);
        if (claim.item() == 0) {
            step.gave = elements;
        }
        goOnAfter(step, claim.item());
    }

    void fail(Claim claim, boolean retryable) {
        ExpectedStep step = step(claim.step());
        if (!retryable || !held(claim).retriesAfterFailure(step.maxAttempts)) {
            boolean failsRun = endBadly(step, claim.item(), false);
            if (failsRun) {
                end(State.FAILED);
            } else {
                goOnAfterFailure(step, claim.item());
            }
        }
        settle();
    }

    /** All that workers run lost its worker. */
    void lose() {
        boolean failsRun = false;
        for (ExpectedStep step : steps) {
            for (ExpectedTask task :
                    step.workable().filter(held -> held.is(State.RUNNING)).toList()) {
                if (!task.survivesLoss()) {
                    task.become(State.FAILED);
                    failsRun |= !step.collects;
                    unsettled.add(step);
                }
            }
        }
        if (failsRun) {
            end(State.FAILED);
        }
        settle();
    }

    void anHourPasses() {
        hour++;
    }

    /** Retries are due, and questions that nobody answered in time are rejected. */
    void fire() {
        steps.stream()
                .flatMap(ExpectedStep::workable)
                .filter(task -> task.is(State.RETRYING))
                .forEach(task -> task.become(State.SCHEDULED));
        openQuestions().stream().filter(this::isOverdue).forEach(question -> answer(question, false));
        settle();
    }

    /** False when the question is not open, or no more. */
    boolean decide(ExpectedStep question, boolean approves) {
        if (!openQuestions().contains(question) || isOverdue(question)) {
            return false;
        }
        answer(question, approves);
        settle();
        return true;
    }

    private boolean isOverdue(ExpectedStep question) {
        return question.hasDeadline && hour - question.askedAtHour >= 2;
    }

    private void answer(ExpectedStep question, boolean approves) {
        question.gave = approves ? 1 : 0;
        (approves || !question.rejectionFails ? unsettled : rejected).add(question);
    }

    /** A person passes over a step that waits; false when it does not. */
    boolean skip(ExpectedStep step) {
        return state == State.RUNNING && !step.task.hasEndedBadly() && endByHand(step, 0, State.SKIPPED);
    }

    /** A person skips a task or gives its output, also when it failed or was cancelled: then the run goes on. False when that is not possible. */
    boolean endByHand(ExpectedStep step, int item, State how) {
        ExpectedTask task = step.task(item);
        boolean waitsForPeople = step.kind == Kind.QUESTION && step.task.is(State.RUNNING);
        if (task == null
                || task.hasEndedWell()
                || (task.is(State.RUNNING) && !waitsForPeople)
                || (item > 0 && step.task.hasEndedWell())) {
            return false;
        }
        boolean again = state != State.RUNNING;
        if (again) {
            restart(item == 0 ? step : null);
        } else if (task.hasEndedBadly()) {
            task.restart();
        }
        boolean waited = task.is(State.PENDING);
        task.become(how);
        if (item == 0 && how == State.SUCCEEDED) {
            step.give();
        }
        if (item > 0 && step.task.is(State.RUNNING)) {
            unsettled.add(step);
        } else if (item == 0 && !waited) {
            resolve(step);
        } else if (item == 0 && step.remaining == 0) {
            unsettled.add(step);
        }
        if (again) {
            goOn();
        }
        settle();
        return true;
    }

    void cancel() {
        if (state == State.RUNNING) {
            end(State.CANCELLED);
        }
    }

    /** Begins anew what is left of a run that failed or was cancelled. */
    void retry() {
        if (state == State.FAILED || state == State.CANCELLED) {
            restart(null);
            goOn();
            settle();
        }
    }

    private void restart(@Nullable ExpectedStep byHand) {
        state = State.RUNNING;
        for (ExpectedStep step : steps) {
            step.restart(step == byHand);
            step.remaining = (int)
                    step.parents.stream().filter(parent -> !parent.isDone()).count();
        }
    }

    private void goOn() {
        for (ExpectedStep step : steps) {
            if (step.task.is(State.PENDING) && step.remaining == 0 && !unsettled.contains(step)) {
                if (step.items.isEmpty()) {
                    release(step);
                } else {
                    step.open(0);
                    unsettled.add(step);
                }
            }
        }
    }

    /** Does what commands left, until nothing is left. */
    void settle() {
        while (!rejected.isEmpty() || !refused.isEmpty() || !unsettled.isEmpty()) {
            if (!rejected.isEmpty()) {
                fail(take(rejected), false);
            } else if (!refused.isEmpty()) {
                fail(take(refused), true);
            } else {
                settle(take(unsettled));
            }
        }
        if (steps.stream().allMatch(ExpectedStep::isDone)) {
            state = State.SUCCEEDED;
        }
    }

    private static List<ExpectedStep> take(Set<ExpectedStep> from) {
        List<ExpectedStep> taken = from.stream().sorted(IN_ORDER).toList();
        from.clear();
        return taken;
    }

    private void fail(List<ExpectedStep> failing, boolean whateverTheStepSays) {
        boolean failsRun = false;
        for (ExpectedStep step : failing) {
            failsRun |= endBadly(step, 0, whateverTheStepSays);
        }
        if (failsRun) {
            end(State.FAILED);
        } else {
            failing.forEach(step -> goOnAfterFailure(step, 0));
        }
    }

    private void settle(List<ExpectedStep> settling) {
        List<ExpectedStep> ended = new ArrayList<>();
        for (ExpectedStep step : settling) {
            if (step.task.is(State.PENDING)) {
                decide(step);
            } else if (step.kind == Kind.MAP && step.task.is(State.RUNNING)) {
                step.beginItems();
                if (step.allItemsHaveEnded()) {
                    step.collect();
                }
            } else if (step.task.is(State.RUNNING)) {
                step.task.become(State.SUCCEEDED);
            }
            if (step.task.hasEnded()) {
                ended.add(step);
            }
        }
        ended.forEach(this::resolve);
    }

    /** What becomes of a step that waits for nothing and is not simply scheduled. */
    private void decide(ExpectedStep step) {
        if (!step.conditionHolds() && step.otherwise.equals("fail")) {
            step.task.become(State.RUNNING);
            refused.add(step);
        } else if (!step.conditionHolds()) {
            step.task.become(State.SKIPPED);
            if (step.otherwise.equals("skipBranch")) {
                skipBranch(step);
            }
        } else if (step.kind == Kind.MAP) {
            open(step);
        } else if (step.kind == Kind.QUESTION) {
            step.task.become(State.RUNNING);
            step.askedAtHour = hour;
        } else {
            step.task.become(State.SCHEDULED);
        }
    }

    private void open(ExpectedStep map) {
        int width = map.width(input);
        map.open(Math.max(width, 0));
        if (width < 0) {
            refused.add(map);
        } else if (width == 0) {
            unsettled.add(map);
        }
    }

    /** It waits for nothing any more. */
    private void release(ExpectedStep step) {
        if (step.looksAt != null || step.kind == Kind.QUESTION) {
            unsettled.add(step);
        } else if (step.kind == Kind.MAP) {
            open(step);
        } else {
            step.task.become(State.SCHEDULED);
        }
    }

    /** The last attempt failed, or the step could not begin. True when its run fails with it. */
    private boolean endBadly(ExpectedStep step, int item, boolean whateverTheStepSays) {
        ExpectedTask task = item == 0 ? step.task : step.items.get(item - 1);
        if (whateverTheStepSays || step.onFailure.equals("fail")) {
            task.become(State.FAILED);
            return item == 0 || !step.collects;
        }
        boolean fallsBack = step.onFailure.equals("fallback");
        task.become(fallsBack ? State.SUCCEEDED : State.SKIPPED);
        if (item == 0 && fallsBack) {
            step.give();
        }
        return false;
    }

    private void skipBranch(ExpectedStep step) {
        for (ExpectedStep child : step.children) {
            if (child.task.is(State.PENDING)) {
                child.task.become(State.SKIPPED);
            }
            skipBranch(child);
        }
    }

    private void goOnAfterFailure(ExpectedStep step, int item) {
        if (step.task.is(State.SKIPPED) && step.onFailure.equals("skipBranch")) {
            skipBranch(step);
        }
        goOnAfter(step, item);
    }

    private void goOnAfter(ExpectedStep step, int item) {
        if (item == 0) {
            resolve(step);
        } else {
            unsettled.add(step);
        }
    }

    private void resolve(ExpectedStep ended) {
        for (ExpectedStep child : ended.children) {
            child.remaining--;
            if (child.remaining == 0 && child.task.is(State.PENDING)) {
                release(child);
            } else if (child.remaining == 0) {
                unsettled.add(child);
            }
        }
    }

    private void end(State how) {
        state = how;
        steps.stream().flatMap(ExpectedStep::tasks).forEach(ExpectedTask::cancel);
        unsettled.clear();
        rejected.clear();
        refused.clear();
    }

    private ExpectedTask held(Claim claim) {
        ExpectedTask task = step(claim.step()).task(claim.item());
        if (task == null) {
            throw new AssertionError(claim + " is of no task that is expected in " + states());
        }
        return task;
    }
}
