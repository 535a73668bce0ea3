package io.pgflow;

/**
 * Try again, or look at the database: it could not be reached or did not do what was asked.
 *
 * <p>The work is safe there. {@link #isTransient()} tells which of the two; the engine's own loops try again for ever.
 */
public final class DatabaseException extends PgflowException {

    /** Not reachable, busy, shutting down, read-only, or too slow: try again. */
    public static final String UNAVAILABLE = "PGF-DB-001";

    /** The database refused: the cause says why; trying again does not help. */
    public static final String REFUSED = "PGF-DB-002";

    /** This process was declared lost as a worker; it registers again by itself. */
    public static final String WORKER_LOST = "PGF-DB-003";

    private static final long serialVersionUID = 1;

    /** With one of the codes above. */
    public DatabaseException(String code, String message, Throwable cause) {
        super(code, message, cause);
    }

    /** True when the same call may succeed later. */
    public boolean isTransient() {
        return code().equals(UNAVAILABLE);
    }
}
