package io.pgflow.benchmarks.harness;

/** A contender did not do what it was told: its row shows that, the others go on. Look at what its process printed. */
public final class ContenderFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ContenderFailedException(String message) {
        super(message);
    }
}
