package io.pgflow.sql.spec;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What the tables must show of one run, step by step: the rules of the design, for any graph of plain steps. */
final class ExpectedRun {
    private enum State {
        PENDING,
        SCHEDULED,
        RUNNING,
        RETRYING,
        SUCCEEDED,
        FAILED,
        CANCELLED,
        SKIPPED;

        boolean isTerminal() {
            return compareTo(SUCCEEDED) >= 0;
        }
    }

    private final List<List<Integer>> parents = new ArrayList<>();
    private final List<String> policies = new ArrayList<>();
    private final int[] maxAttempts;
    private final State[] states;
    private final int[] remaining;
    private final int[] failures;
    private final int[] losses;
    private String run = "RUNNING";

    /** A graph of up to 25 steps, each after up to 3 of those before it. */
    ExpectedRun(Random random) {
        int steps = 1 + random.nextInt(25);
        maxAttempts = new int[steps];
        states = new State[steps];
        remaining = new int[steps];
        failures = new int[steps];
        losses = new int[steps];
        for (int step = 0; step < steps; step++) {
            List<Integer> before = step == 0
                    ? List.of()
                    : random.ints(random.nextInt(4), 0, step).distinct().boxed().toList();
            parents.add(before);
            policies.add(List.of("fail", "skip", "fallback").get(random.nextInt(3)));
            maxAttempts[step] = 1 + random.nextInt(3);
            remaining[step] = before.size();
            states[step] = before.isEmpty() ? State.SCHEDULED : State.PENDING;
        }
    }

    String definition(String workflow) {
        return IntStream.range(0, states.length)
                .mapToObj(step ->
                        "{\"name\": \"" + name(step) + "\", \"handler\": \"h\", \"maxAttempts\": " + maxAttempts[step]
                                + ", \"onFailure\": \"" + policies.get(step) + "\""
                                + (policies.get(step).equals("fallback") ? ", \"fallback\": 0" : "")
                                + parents.get(step).stream()
                                        .map(parent -> "\"" + name(parent) + "\"")
                                        .collect(Collectors.joining(", ", ", \"after\": [", "]"))
                                + "}")
                .collect(Collectors.joining(", ", "{\"name\": \"" + workflow + "\", \"steps\": [", "]}"));
    }

    /** As {@link Session#states} gives it. */
    String states() {
        return IntStream.range(0, states.length)
                .mapToObj(step -> name(step) + " " + states[step])
                .collect(Collectors.joining(", ", run + ": ", ""));
    }

    int steps() {
        return states.length;
    }

    static String name(int step) {
        return "s" + (step + 1);
    }

    /** The worker holds it, so that its report counts. */
    boolean isRunning(int step) {
        return states[step] == State.RUNNING;
    }

    void claim(int step) {
        must(states[step] == State.SCHEDULED, step);
        states[step] = State.RUNNING;
    }

    void complete(int step) {
        finish(step, State.SUCCEEDED);
    }

    void fail(int step, boolean retryable) {
        failures[step]++;
        if (retryable && failures[step] < maxAttempts[step]) {
            states[step] = State.RETRYING;
        } else if (policies.get(step).equals("fail")) {
            states[step] = State.FAILED;
            end("FAILED");
        } else {
            finish(step, policies.get(step).equals("skip") ? State.SKIPPED : State.SUCCEEDED);
        }
    }

    /** All that runs lost its worker. */
    void lose() {
        boolean poisoned = false;
        for (int step = 0; step < states.length; step++) {
            if (states[step] == State.RUNNING) {
                losses[step]++;
                states[step] = losses[step] < 3 ? State.SCHEDULED : State.FAILED;
                poisoned |= losses[step] == 3;
            }
        }
        if (poisoned) {
            end("FAILED");
        }
    }

    void retriesAreDue() {
        for (int step = 0; step < states.length; step++) {
            states[step] = states[step] == State.RETRYING ? State.SCHEDULED : states[step];
        }
    }

    /** A person passes over a step that waits; false when it does not. */
    boolean skip(int step) {
        return decide(step, State.SKIPPED);
    }

    /** A person gives its output, also when it failed or was cancelled: then the run goes on. False when that is not possible. */
    boolean setOutput(int step) {
        if (states[step] == State.FAILED || states[step] == State.CANCELLED) {
            retry();
        }
        return decide(step, State.SUCCEEDED);
    }

    private boolean decide(int step, State how) {
        boolean waits = run.equals("RUNNING") && !states[step].isTerminal() && states[step] != State.RUNNING;
        if (waits) {
            finish(step, how);
        }
        return waits;
    }

    void cancel() {
        if (run.equals("RUNNING")) {
            end("CANCELLED");
        }
    }

    void retry() {
        if (!run.equals("FAILED") && !run.equals("CANCELLED")) {
            return;
        }
        run = "RUNNING";
        for (int step = 0; step < states.length; step++) {
            boolean again = states[step] == State.FAILED || states[step] == State.CANCELLED;
            remaining[step] = (int) parents.get(step).stream()
                    .filter(parent -> !hasEndedWell(parent))
                    .count();
            if (again) {
                failures[step] = 0;
                losses[step] = 0;
                states[step] = remaining[step] == 0 ? State.SCHEDULED : State.PENDING;
            }
        }
    }

    private void finish(int step, State how) {
        states[step] = how;
        if (remaining[step] == 0) {
            countOff(step);
        }
        if (IntStream.range(0, states.length).allMatch(this::hasEndedWell)) {
            run = "SUCCEEDED";
        }
    }

    private void countOff(int step) {
        for (int child = step + 1; child < states.length; child++) {
            if (parents.get(child).contains(step)) {
                remaining[child]--;
                if (remaining[child] == 0 && states[child] == State.PENDING) {
                    states[child] = State.SCHEDULED;
                } else if (remaining[child] == 0) {
                    countOff(child);
                }
            }
        }
    }

    private boolean hasEndedWell(int step) {
        return (states[step] == State.SUCCEEDED || states[step] == State.SKIPPED) && remaining[step] == 0;
    }

    private void end(String how) {
        run = how;
        for (int step = 0; step < states.length; step++) {
            states[step] = states[step].isTerminal() ? states[step] : State.CANCELLED;
        }
    }

    private void must(boolean holds, int step) {
        if (!holds) {
            throw new AssertionError(name(step) + " was claimed while " + states());
        }
    }
}
