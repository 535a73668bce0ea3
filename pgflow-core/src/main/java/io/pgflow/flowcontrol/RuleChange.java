package io.pgflow.flowcontrol;

import io.pgflow.internal.store.RuleRow;
import java.time.Instant;
import java.util.Optional;

/**
 * Something that was paused or resumed.
 *
 * @param at when, by the database's clock
 * @param paused whether it was paused; else it was resumed
 * @param actor who asked; empty when the engine did it because the run had ended
 * @param reason why
 */
public record RuleChange(Instant at, boolean paused, Optional<String> actor, Optional<String> reason) {

    static RuleChange of(RuleRow row) {
        return new RuleChange(row.at(), row.set(), row.actor(), row.reason());
    }
}
