package io.pgflow.embedded;

import org.jspecify.annotations.Nullable;

/**
 * The embedded server could not do what was asked: look at the machine (disk, ports, rights), not at the workflow.
 *
 * <p>Codes: {@code PGF-EMB-001} the server does not start, {@code PGF-EMB-002} one of its programs failed, {@code PGF-EMB-003} a folder or
 * file cannot be used, {@code PGF-EMB-004} a statement on databases failed.
 */
public final class EmbeddedPostgresException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String code;

    EmbeddedPostgresException(String code, String message) {
        super("[" + code + "] " + message);
        this.code = code;
    }

    EmbeddedPostgresException(String code, String message, @Nullable Throwable cause) {
        super("[" + code + "] " + message, cause);
        this.code = code;
    }

    /** Which kind of failure is this? A stable code for documentation and log searches. */
    public String code() {
        return code;
    }
}
