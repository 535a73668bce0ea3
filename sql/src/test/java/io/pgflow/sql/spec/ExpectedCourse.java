package io.pgflow.sql.spec;

import io.pgflow.sql.spec.ExpectedStep.Kind;
import io.pgflow.sql.spec.ExpectedTask.State;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a run goes on from what has ended, as far as it waits for nobody. What is not simply scheduled is settled after the command: what failed
 * comes before what is to be decided. Another order would be right, too; it can be seen only in a run that fails meanwhile.
 */
final class ExpectedCourse {
    /** A task, with its step. */
    record Place(ExpectedStep step, ExpectedTask task) {
        boolean isItem() {
            return task != step.task;
        }
    }

    private static final Comparator<ExpectedStep> IN_ORDER = Comparator.comparing(step -> step.number);

    private final List<ExpectedStep> steps;
    private final int input;
    private final Set<ExpectedStep> unsettled = new HashSet<>();
    private final Set<ExpectedStep> rejected = new HashSet<>();
    private final Set<ExpectedStep> refused = new HashSet<>();
    private State state = State.RUNNING;
    private int hour;

    ExpectedCourse(List<ExpectedStep> steps, int input) {
        this.steps = steps;
        this.input = input;
        goOn();
        settle();
    }

    State state() {
        return state;
    }

    void anHourPasses() {
        hour++;
    }

    boolean isOverdue(ExpectedStep question) {
        return question.hasDeadline && hour - question.askedAtHour >= 2;
    }

    void answer(ExpectedStep question, boolean approves) {
        question.gave = approves ? 1 : 0;
        (approves || !question.rejectionFails ? unsettled : rejected).add(question);
    }

    /** Tasks have no attempt left. Whoever fails them for a reason of his own does not ask what the step says. */
    void fail(List<Place> failing, boolean whateverTheStepSays) {
        boolean failsRun = false;
        for (Place failed : failing) {
            failsRun |= failForGood(failed, whateverTheStepSays);
        }
        if (failsRun) {
            end(State.FAILED);
            return;
        }
        for (Place failed : failing) {
            if (failed.task.is(State.SKIPPED) && failed.step.onFailure.equals("skipBranch")) {
                skipBranch(failed.step);
            }
            goOnAfter(failed);
        }
    }

    private static boolean failForGood(Place failed, boolean whateverTheStepSays) {
        String policy = whateverTheStepSays ? "fail" : failed.step.onFailure;
        if (policy.equals("fail")) {
            failed.task.become(State.FAILED);
            return !(failed.isItem() && failed.step.collects);
        }
        failed.task.become(policy.equals("fallback") ? State.SUCCEEDED : State.SKIPPED);
        if (policy.equals("fallback") && !failed.isItem()) {
            failed.step.substitute();
        }
        return false;
    }

    /** What comes after a task that ended well, or that may fail. */
    void goOnAfter(Place ended) {
        if (ended.isItem()) {
            unsettled.add(ended.step);
        } else {
            isDone(ended.step);
        }
    }

    /** A person ended a task that waited: for its parents, a worker, a retry or people. */
    void goOnAfterPerson(Place ended, boolean waitedForParents) {
        if (ended.isItem() ? ended.step.task.is(State.RUNNING) : waitedForParents && ended.step.parentsAreDone()) {
            unsettled.add(ended.step);
        } else if (!ended.isItem() && !waitedForParents) {
            isDone(ended.step);
        }
    }

    private void isDone(ExpectedStep step) {
        step.isDone = true;
        for (ExpectedStep child : step.children) {
            if (child.parentsAreDone()) {
                goOn(child);
            }
        }
    }

    void end(State how) {
        state = how;
        steps.stream().flatMap(ExpectedStep::tasks).forEach(ExpectedTask::cancel);
        unsettled.clear();
        rejected.clear();
        refused.clear();
    }

    /** What ended badly waits again. */
    void restart(@Nullable ExpectedStep byHand) {
        state = State.RUNNING;
        for (ExpectedStep step : steps) {
            step.restart(step == byHand);
            step.isDone = step.task.hasEndedWell() && step.parentsAreDone();
        }
    }

    /** What waits for nothing begins. */
    void goOn() {
        steps.stream()
                .filter(step -> step.task.is(State.PENDING) && step.parentsAreDone())
                .forEach(this::goOn);
    }

    /** A step that waits for no other one any more. */
    private void goOn(ExpectedStep step) {
        if (!step.items.isEmpty() && step.task.is(State.PENDING)) {
            step.open(0);
            unsettled.add(step);
        } else if (step.task.hasEnded() || step.looksAt != null || step.kind == Kind.QUESTION) {
            unsettled.add(step);
        } else {
            begin(step);
        }
    }

    private void begin(ExpectedStep step) {
        switch (step.kind) {
            case WORK -> step.task.become(State.SCHEDULED);
            case MAP -> open(step);
            case QUESTION -> {
                step.task.become(State.RUNNING);
                step.askedAtHour = hour;
            }
        }
    }

    private void open(ExpectedStep map) {
        int width = map.width(input);
        map.open(Math.max(width, 0));
        (width < 0 ? refused : unsettled).add(map);
    }

    /** Does what commands left, until nothing is left. */
    void settle() {
        while (!rejected.isEmpty() || !refused.isEmpty() || !unsettled.isEmpty()) {
            if (!rejected.isEmpty()) {
                fail(places(take(rejected)), false);
            } else if (!refused.isEmpty()) {
                fail(places(take(refused)), true);
            } else {
                List<ExpectedStep> settling = take(unsettled);
                settling.forEach(this::settle);
                settling.stream().filter(step -> step.task.hasEndedWell()).forEach(this::isDone);
            }
        }
        if (steps.stream().allMatch(step -> step.isDone)) {
            state = State.SUCCEEDED;
        }
    }

    private static List<ExpectedStep> take(Set<ExpectedStep> from) {
        List<ExpectedStep> taken = from.stream().sorted(IN_ORDER).toList();
        from.clear();
        return taken;
    }

    private static List<Place> places(List<ExpectedStep> steps) {
        return steps.stream().map(step -> new Place(step, step.task)).toList();
    }

    private void settle(ExpectedStep step) {
        if (step.task.is(State.PENDING)) {
            decide(step);
        } else if (step.task.is(State.RUNNING) && step.kind == Kind.MAP) {
            step.beginItems();
            if (step.items.stream().allMatch(ExpectedTask::hasEnded)) {
                step.collect();
            }
        } else if (step.task.is(State.RUNNING)) {
            step.task.become(State.SUCCEEDED); // somebody answered
        }
    }

    private void decide(ExpectedStep step) {
        if (step.conditionHolds()) {
            begin(step);
        } else if (step.otherwise.equals("fail")) {
            step.task.become(State.RUNNING);
            refused.add(step);
        } else {
            step.task.become(State.SKIPPED);
            if (step.otherwise.equals("skipBranch")) {
                skipBranch(step);
            }
        }
    }

    private void skipBranch(ExpectedStep step) {
        for (ExpectedStep child : step.children) {
            if (child.task.is(State.PENDING)) {
                child.task.become(State.SKIPPED);
            }
            skipBranch(child);
        }
    }
}
