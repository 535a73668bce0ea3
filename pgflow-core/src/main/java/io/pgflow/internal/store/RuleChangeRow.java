package io.pgflow.internal.store;

import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A rule that was set or lifted.
 *
 * @param rule pause or limit
 * @param change set or lifted
 */
public record RuleChangeRow(
        Instant at, String rule, String change, OptionalInt atOnce, Optional<String> actor, Optional<String> reason) {}
