package io.pgflow.testkit;

import io.pgflow.workflow.DidYouMean;
import io.pgflow.workflow.TaskContext;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.TaskInput;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What shall go wrong with the next attempts of steps, around whose handlers it stands; and how often those were called. */
final class StepFaults {

    enum Fault {
        /** The handler is not called. */
        FAIL_BEFORE,
        /** The handler has returned. */
        FAIL_AFTER,
        /** The handler has returned, and the task is taken away before it is reported. */
        TAKE_AWAY
    }

    private final Consumer<TaskContext> takeAway;
    private final IdentityHashMap<TaskHandler, TaskHandler> guarded = new IdentityHashMap<>();
    private final Set<String> steps = new TreeSet<>();
    private final Map<String, Deque<Fault>> planned = new HashMap<>();
    private final Map<String, Fault> always = new HashMap<>();
    private final Map<String, Integer> calls = new HashMap<>();

    StepFaults(Consumer<TaskContext> takeAway) {
        this.takeAway = takeAway;
    }

    /** The steps exist, and can go wrong. */
    synchronized void known(String step) {
        steps.add(step);
    }

    /** The same handler for the same one, so that the engine finds it given twice to be one. */
    synchronized TaskHandler around(TaskHandler handler) {
        return guarded.computeIfAbsent(handler, Guarded::new);
    }

    synchronized void plan(String step, Fault fault, int times) {
        check(step);
        if (times < 1) {
            throw new IllegalArgumentException("say a number of times from 1, not " + times);
        }
        planned.computeIfAbsent(step, any -> new ArrayDeque<>()).addAll(Collections.nCopies(times, fault));
    }

    synchronized void planAlways(String step, Fault fault) {
        check(step);
        always.put(step, fault);
    }

    /** From now on nothing goes wrong. */
    synchronized void heal() {
        planned.clear();
        always.clear();
    }

    synchronized int calls(String step) {
        check(step);
        return calls.getOrDefault(step, 0);
    }

    private void check(String step) {
        if (!steps.contains(step)) {
            throw new IllegalArgumentException("no workflow that the kit was given has a step \"" + step
                    + "\" with a handler; "
                    + DidYouMean.question(step, steps).orElse("give the workflow first, with(..); those are " + steps));
        }
    }

    private synchronized @Nullable Fault next(String step) {
        Deque<Fault> left = planned.get(step);
        return left == null || left.isEmpty() ? always.get(step) : left.poll();
    }

    private synchronized void called(String step) {
        calls.merge(step, 1, Integer::sum);
    }

    /** A handler that is called, or not, as planned. */
    private final class Guarded implements TaskHandler {

        private final TaskHandler handler;

        Guarded(TaskHandler handler) {
            this.handler = handler;
        }

        @Override
        public boolean isTransactional() {
            return handler.isTransactional();
        }

        @Override
        public String run(TaskInput in) throws Exception {
            String step = in.context().step();
            Fault fault = next(step);
            if (fault == Fault.FAIL_BEFORE) {
                throw new StepFaultException(step, "before its handler was called");
            }
            called(step);
            String output = handler.run(in);
            if (fault == Fault.FAIL_AFTER) {
                throw new StepFaultException(step, "after its handler had returned");
            }
            if (fault == Fault.TAKE_AWAY) {
                takeAway.accept(in.context());
            }
            return output;
        }
    }
}
