package io.pgflow.workflow;

import java.util.OptionalInt;

/**
 * How does a map step go through its items?
 *
 * @param collect whether items may fail; the output is then a {@link Collected} instead of a list, and the run goes on
 * @param atOnce how many items may be SCHEDULED or on their way at once, 1 to 100,000; empty for all
 */
public record Items(boolean collect, OptionalInt atOnce) {

    /** The first item that fails for good fails the run; all items at once. */
    public static final Items DEFAULT = new Items(false, OptionalInt.empty());

    public Items withCollect(boolean collect) {
        return new Items(collect, atOnce);
    }

    public Items withAtOnce(int atOnce) {
        return new Items(collect, OptionalInt.of(atOnce));
    }
}
