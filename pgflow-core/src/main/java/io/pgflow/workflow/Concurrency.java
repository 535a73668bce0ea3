package io.pgflow.workflow;

import java.util.Optional;

/**
 * How many tasks may be on their way at once, all processes together? Say {@code Concurrency.of(5).by(Part.input("/tenant"))}.
 *
 * <p>A task is on its way from the moment it is put into its queue until its attempt has ended, also while it is deferred.
 *
 * @param limit at least 1
 * @param name shared by all steps, of all workflows, that give it, each with its own number; without one the limit is the step's own
 * @param by a limit for each value instead of one for all
 */
public record Concurrency(int limit, Optional<String> name, Optional<Part> by) {

    public static Concurrency of(int limit) {
        return new Concurrency(limit, Optional.empty(), Optional.empty());
    }

    public Concurrency named(String shared) {
        return new Concurrency(limit, Optional.of(shared), by);
    }

    public Concurrency by(Part part) {
        return new Concurrency(limit, name, Optional.of(part));
    }
}
