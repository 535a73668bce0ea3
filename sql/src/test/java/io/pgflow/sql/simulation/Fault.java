package io.pgflow.sql.simulation;

/** What can go wrong. */
enum Fault {
    /** The call never reached the server. */
    CALL_LOST,
    /** The server did it, and nobody heard so. */
    ANSWER_LOST,
    /** The server did it, and took it back. */
    ROLLED_BACK,
    /** A process ends, with all that it knew; another one is born. */
    CRASH,
    /** A process does nothing for longer than its lease, and then goes on as if nothing had been. */
    STANDSTILL,
    /** A process stops in good order, with work in its hands. */
    RETIREMENT,
    /** Nobody hears that there is work. */
    HINT_LOST,
    /** They hear of it later. */
    HINT_LATE
}
