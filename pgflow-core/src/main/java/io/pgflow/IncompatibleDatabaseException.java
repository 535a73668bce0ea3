package io.pgflow;

/** Change the database or its connection pool: this library cannot work with it as it is. Thrown at the start, before anything runs. */
public final class IncompatibleDatabaseException extends PgflowException {

    /** There is no schema of ours. */
    public static final String NO_SCHEMA = "PGF-CFG-010";

    /** The schema is of another generation than this library. */
    public static final String OTHER_SCHEMA = "PGF-CFG-011";

    /** The pool has fewer connections than the engine needs at once. */
    public static final String POOL_TOO_SMALL = "PGF-CFG-012";

    /** The server is older than PostgreSQL 14. */
    public static final String SERVER_TOO_OLD = "PGF-CFG-013";

    /** The server only reads: a standby. */
    public static final String READ_ONLY = "PGF-CFG-014";

    private static final long serialVersionUID = 1;

    IncompatibleDatabaseException(String code, String message) {
        super(code, message);
    }

    IncompatibleDatabaseException(String code, String message, Throwable cause) {
        super(code, message, cause);
    }
}
