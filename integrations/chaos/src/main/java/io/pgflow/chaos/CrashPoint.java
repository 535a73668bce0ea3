package io.pgflow.chaos;

import java.util.Locale;
import java.util.Objects;

/**
 * Where does a process end? At one of its calls to the engine's SQL functions.
 *
 * @param function the name of the function; {@code commit} for the commit of a transaction
 * @param moment before it is executed, or when the server has executed it and nobody has seen the answer
 * @param hit at which call of that function, from 1
 */
public record CrashPoint(String function, Moment moment, int hit) {

    /** Relative to the call. */
    public enum Moment {
        BEFORE,
        AFTER
    }

    public CrashPoint {
        Objects.requireNonNull(moment, "moment");
        if (hit < 1) {
            throw new IllegalArgumentException("hits are counted from 1, not " + hit);
        }
    }

    /** As {@link #toString} writes it. */
    public static CrashPoint of(String text) {
        String[] parts = text.split(":", -1);
        return new CrashPoint(parts[0], Moment.valueOf(parts[1].toUpperCase(Locale.ROOT)), Integer.parseInt(parts[2]));
    }

    @Override
    public String toString() {
        return function + ":" + moment.name().toLowerCase(Locale.ROOT) + ":" + hit;
    }
}
