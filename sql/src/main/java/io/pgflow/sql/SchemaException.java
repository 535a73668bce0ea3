package io.pgflow.sql;

/**
 * The database cannot be brought to the schema of this library: whoever runs the application must act, trying again does not help.
 *
 * <p>Codes: {@code PGF-SCH-001} a schema named pgflow is there that is not ours, {@code PGF-SCH-002} the server is too old, {@code
 * PGF-SCH-003} the database is newer than this library, {@code PGF-SCH-004} the pgmq that is installed is too old, {@code PGF-SCH-005} the
 * migration failed for another reason, given as the cause.
 */
public final class SchemaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String code;

    SchemaException(String code, String message) {
        super("[" + code + "] " + message);
        this.code = code;
    }

    SchemaException(String code, String message, Throwable cause) {
        super("[" + code + "] " + message, cause);
        this.code = code;
    }

    /** Which kind of failure is this? A stable code for documentation and log searches. */
    public String code() {
        return code;
    }
}
