package io.pgflow.flowcontrol;

import io.pgflow.internal.store.RuleRow;
import java.time.Instant;
import java.util.Optional;

/**
 * Something that is paused.
 *
 * @param target what
 * @param since since when, by the database's clock
 * @param actor who asked for it
 * @param reason why
 */
public record Pause(Target target, Instant since, Optional<String> actor, Optional<String> reason) {

    static Pause of(RuleRow row) {
        return new Pause(new Target(Target.Kind.of(row.scope()), row.name()), row.at(), row.actor(), row.reason());
    }
}
