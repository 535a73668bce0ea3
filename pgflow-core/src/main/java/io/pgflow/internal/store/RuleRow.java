package io.pgflow.internal.store;

import java.time.Instant;
import java.util.Optional;

/** A rule that holds. */
public record RuleRow(String scope, String name, Instant at, Optional<String> actor, Optional<String> reason) {}
