package io.pgflow.benchmarks.contender;

/** What is given to an engine to do. The size of each is counted in runs, or in items for a map. */
public enum Work {
    /** A run of one step, or the library's nearest: a job, a one-time task. */
    ONE_STEP(1),
    /** A run of ten steps, each after the one before and each durable. */
    CHAIN(10),
    /** A run of eight steps: one, then six beside each other, then one that joins them. */
    DIAMOND(8),
    /** One run: a step that returns as many elements as asked, a step for each of them, and a step that joins them. */
    MAP(1);

    private final int steps;

    Work(int steps) {
        this.steps = steps;
    }

    /** Handlers that are called for each run; for a map, for each item. */
    public int steps() {
        return steps;
    }
}
