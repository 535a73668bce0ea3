package io.pgflow.internal.store;

import org.jspecify.annotations.Nullable;

/** What the items of a map share: the run's input and the parents' outputs by step name, as JSON text. */
public record StepInputs(String input, @Nullable String outputs) {}
