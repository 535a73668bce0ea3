package io.pgflow.workflow;

import java.time.Duration;
import java.util.Optional;

/**
 * How long may a deferred task take? It counts from the return of the handler.
 *
 * @param within how long until an answer must have come, at least 10 ms; after that the attempt has failed ({@code PGF-RUN-021})
 * @param silence how long nothing may be heard (a heartbeat) before the attempt has failed ({@code PGF-RUN-022}), at least 10 ms;
 *     empty for as long as {@code within} says
 */
public record Patience(Duration within, Optional<Duration> silence) {

    public Patience {
        check("within", within);
        silence.ifPresent(limit -> check("silence", limit));
    }

    /** An answer must have come by then; no heartbeats are expected. */
    public static Patience within(Duration limit) {
        return new Patience(limit, Optional.empty());
    }

    /** Heartbeats are expected, at least this often. */
    public Patience withSilence(Duration limit) {
        return new Patience(within, Optional.of(limit));
    }

    private static void check(String what, Duration value) {
        if (value.compareTo(Limits.MIN_TIMEOUT) < 0 || value.compareTo(Limits.MAX_PATIENCE) > 0) {
            throw new IllegalArgumentException(what + " is " + value + "; it must be between " + Limits.MIN_TIMEOUT
                    + " and " + Limits.MAX_PATIENCE);
        }
    }
}
