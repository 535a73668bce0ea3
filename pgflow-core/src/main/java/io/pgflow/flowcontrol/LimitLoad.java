package io.pgflow.flowcontrol;

import io.pgflow.internal.store.LimitRow;

/**
 * How does a limit of steps stand? Limits for which nothing waits and nothing counts are not told of.
 *
 * @param kind what it counts
 * @param key the name of the limit, or {@code workflow.step}, and the value that it is told apart by
 * @param limit how much may count
 * @param used how much counts; may lag behind for as long as nobody asks for room
 * @param waiting tasks that wait at the gate for this limit, among others
 */
public record LimitLoad(Kind kind, String key, long limit, long used, long waiting) {

    /** What a limit counts. */
    public enum Kind {
        /** Tasks on their way. */
        CONCURRENCY,
        /** Units in a period. */
        RATE,
        /** Tasks put into the queue ahead of their claim, for fair turns. */
        AHEAD
    }

    static LimitLoad of(LimitRow row) {
        Kind kind =
                switch (row.kind()) {
                    case "place" -> Kind.CONCURRENCY;
                    case "rate" -> Kind.RATE;
                    default -> Kind.AHEAD;
                };
        return new LimitLoad(kind, row.key(), row.limit(), row.used(), row.waiting());
    }
}
