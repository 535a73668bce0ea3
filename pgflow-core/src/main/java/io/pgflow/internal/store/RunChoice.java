package io.pgflow.internal.store;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Which runs an operation is about; what is empty does not matter.
 *
 * @param labels as a JSON object, all of which a run has
 * @param createdFrom counts in; {@code createdUntil} does not
 */
public record RunChoice(
        Optional<String> workflow,
        List<String> states,
        Optional<String> labels,
        Optional<Instant> createdFrom,
        Optional<Instant> createdUntil) {

    public RunChoice {
        states = List.copyOf(states);
    }
}
