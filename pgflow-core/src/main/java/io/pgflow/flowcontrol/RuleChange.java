package io.pgflow.flowcontrol;

import io.pgflow.internal.store.RuleChangeRow;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What was done to a queue, a workflow, a step or a run?
 *
 * @param at when, by the database's clock
 * @param kind what
 * @param atOnce the limit that was set; only of {@link Kind#LIMITED}
 * @param actor who asked; empty when the engine did it because the run had ended
 * @param reason why
 */
public record RuleChange(Instant at, Kind kind, OptionalInt atOnce, Optional<String> actor, Optional<String> reason) {

    /** What can be done. */
    public enum Kind {
        PAUSED,
        RESUMED,
        /** So many tasks of the queue may be held at once. */
        LIMITED,
        /** Any number of them may. */
        UNLIMITED
    }

    static RuleChange of(RuleChangeRow row) {
        return new RuleChange(row.at(), kind(row.rule(), row.change()), row.atOnce(), row.actor(), row.reason());
    }

    private static Kind kind(String rule, String change) {
        return switch (rule + " " + change) {
            case "pause set" -> Kind.PAUSED;
            case "pause lifted" -> Kind.RESUMED;
            case "limit set" -> Kind.LIMITED;
            case "limit lifted" -> Kind.UNLIMITED;
            default ->
                throw new IllegalArgumentException("the database names something unknown: " + rule + " " + change);
        };
    }
}
