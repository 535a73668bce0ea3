package io.pgflow.internal.store;

import java.time.Instant;
import java.util.Optional;

/** A rule that holds, or one that was set or lifted; {@code set} says which of these. */
public record RuleRow(
        String scope, String name, Instant at, boolean set, Optional<String> actor, Optional<String> reason) {}
