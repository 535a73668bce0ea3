package io.pgflow.sql.spec;

import java.sql.SQLException;

/** The server refused a statement. */
public final class SqlFailure extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final String state;

    SqlFailure(SQLException cause) {
        super(cause.getMessage(), cause);
        this.state = String.valueOf(cause.getSQLState());
    }

    public String state() {
        return state;
    }
}
