package io.pgflow.sql.model;

import java.util.Arrays;
import java.util.List;

/** All there is at one moment: a run of the diamond {@code a -> b, c -> d}, and three workers that hold at most one task each. */
final class Moment {
    enum State {
        NONE(0),
        PENDING(1),
        SCHEDULED(2),
        RUNNING(3),
        SUCCEEDED(4),
        FAILED(5),
        RETRYING(6),
        CANCELLED(7),
        SKIPPED(8);

        final int number;

        State(int number) {
            this.number = number;
        }

        boolean isTerminal() {
            return this == SUCCEEDED || this == FAILED || this == CANCELLED || this == SKIPPED;
        }
    }

    /** LOST: declared so, its process may go on and not know; CRASHED: gone, and nobody knows yet. */
    enum Worker {
        ALIVE(0),
        CRASHED(1),
        LOST(2);

        final int number;

        Worker(int number) {
            this.number = number;
        }
    }

    static final int TASKS = 4;
    static final int WORKERS = 3;
    static final int NOBODY = -1;
    static final int NOTHING = -1;
    static final List<List<Integer>> PARENTS = List.of(List.of(), List.of(0), List.of(0), List.of(1, 2));

    State run = State.NONE;
    int generation = 1;
    final State[] task = new State[TASKS];
    final int[] remaining = new int[TASKS];
    final int[] failures = new int[TASKS];
    final int[] losses = new int[TASKS];
    final int[] owner = new int[TASKS];
    /** How often it was scheduled for the first time, in this generation. */
    final int[] begun = new int[TASKS];

    final Worker[] worker = new Worker[WORKERS];
    /** What its process believes to hold. */
    final int[] belief = new int[WORKERS];
    /** Whether the fence that it has is still the task's. */
    final boolean[] fenceIsCurrent = new boolean[WORKERS];

    Moment() {
        Arrays.fill(task, State.NONE);
        Arrays.fill(owner, NOBODY);
        Arrays.fill(worker, Worker.ALIVE);
        Arrays.fill(belief, NOTHING);
    }

    Moment copy() {
        Moment copy = new Moment();
        copy.run = run;
        copy.generation = generation;
        for (int t = 0; t < TASKS; t++) {
            copy.task[t] = task[t];
            copy.remaining[t] = remaining[t];
            copy.failures[t] = failures[t];
            copy.losses[t] = losses[t];
            copy.owner[t] = owner[t];
            copy.begun[t] = begun[t];
        }
        for (int w = 0; w < WORKERS; w++) {
            copy.worker[w] = worker[w];
            copy.belief[w] = belief[w];
            copy.fenceIsCurrent[w] = fenceIsCurrent[w];
        }
        return copy;
    }

    /** Ended, and nothing before it goes on: what a person ends early counts for those after it when its parents have ended. */
    boolean hasEndedWell(int t) {
        return (task[t] == State.SUCCEEDED || task[t] == State.SKIPPED) && remaining[t] == 0;
    }

    /**
     * The same for moments from which the same can follow: which worker is which means nothing, nor do the counters of what has ended, nor what
     * a late report is about (a task that is not running gets a new fence before it runs again).
     */
    String key() {
        char[] key = new char[2 + TASKS + WORKERS];
        for (int w = 0; w < WORKERS; w++) {
            boolean mayCount = belief[w] != NOTHING && fenceIsCurrent[w] && task[belief[w]] == State.RUNNING;
            int belongs = belief[w] == NOTHING ? 0 : mayCount ? 2 + belief[w] : 1;
            int number = worker[w].number * 8 + belongs;
            for (int t = 0; t < TASKS; t++) {
                number = number * 2 + (owner[t] == w ? 1 : 0);
            }
            key[w] = (char) number;
        }
        Arrays.sort(key, 0, WORKERS);
        for (int t = 0; t < TASKS; t++) {
            int tries = task[t].isTerminal() ? 0 : failures[t] * 3 + losses[t];
            key[WORKERS + t] = (char) (((task[t].number * 3 + remaining[t]) * 4 + begun[t]) * 9 + tries);
        }
        key[WORKERS + TASKS] = (char) run.number;
        key[WORKERS + TASKS + 1] = (char) generation;
        return new String(key);
    }

    @Override
    public String toString() {
        return "run " + run + " generation " + generation + ", tasks " + Arrays.toString(task) + " remaining "
                + Arrays.toString(remaining) + " failures " + Arrays.toString(failures) + " losses "
                + Arrays.toString(losses) + " owners " + Arrays.toString(owner) + ", workers "
                + Arrays.toString(worker) + " believe " + Arrays.toString(belief) + " current "
                + Arrays.toString(fenceIsCurrent);
    }
}
