package io.pgflow.faults;

/** What happens to one call of the driver? */
public enum Fault {
    /** It goes through. */
    NONE,
    /** The connection breaks before the database hears of it. */
    FAIL_BEFORE,
    /** The database carries it out, and the connection breaks before the answer arrives: for a commit, an unknown outcome. */
    EXECUTE_AND_FAIL
}
