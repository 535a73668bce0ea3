package io.pgflow.schedule;

/** May a run of a schedule start while the one before has not ended? */
public enum Overlap {
    /** Yes. */
    ALLOW,
    /** No: that tick starts no run, and the history says so. */
    SKIP
}
