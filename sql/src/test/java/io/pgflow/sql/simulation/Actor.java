package io.pgflow.sql.simulation;

/** Something that makes calls, one in each turn. */
interface Actor {
    /** The moment from which it has something to do. */
    long nextAt();

    /** Makes its next call, if it has one to make. */
    void turn();

    /** From now on it only finishes what there is. */
    default void calm() {}
}
