package io.pgflow.worker;

import io.pgflow.PgflowException;

/** The handler must tell something else: a report or a part of its output is too large, there are too many, or it is no fraction. */
public final class ProgressRefusedException extends PgflowException {

    /** One message, detail or chunk is larger than it may be. */
    public static final String TOO_LARGE = "PGF-RUN-063";

    /** One attempt gives more chunks, or more of them together, than it may. */
    public static final String TOO_MANY = "PGF-RUN-064";

    /** What is told of the work is no fraction from 0 to 1. */
    public static final String NO_FRACTION = "PGF-RUN-065";

    private static final long serialVersionUID = 1;

    ProgressRefusedException(String code, String message) {
        super(code, message);
    }
}
