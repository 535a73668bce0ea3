package io.pgflow.chaos;

/**
 * What was done to the system, and to whom.
 *
 * @param target the beginning of the names of the processes that it hit; empty when it hit all
 * @param from in milliseconds, by the clock of the machine, which is the server's too
 * @param to when it was healed; the same as {@code from} when there was nothing to heal
 */
record Fault(Kind kind, String target, long from, long to) {

    /** What it is, and how many cards of a deck it has. */
    enum Kind {
        KILL_WORKER(10, "a worker is killed (SIGKILL) and another one started"),
        SUSPEND_WORKER(2, "a worker stands still (SIGSTOP) for one and a half times its lease, and goes on"),
        TERMINATE_CONNECTION(2, "one connection is ended by the server"),
        TERMINATE_ALL(1, "all connections are ended by the server"),
        CRASH_SERVER(2, "the server stops at once and starts again after up to 10 s"),
        STALL(1, "nothing gets through to or from a worker for 1 to 15 s"),
        RESET(1, "the connections of a worker are reset"),
        SWALLOW_REPLIES(1, "the server hears a worker and its answers are lost for 1 to 15 s"),
        KILL_LISTENERS(1, "all LISTEN connections are ended"),
        HOLD_TRANSACTION(1, "a transaction with a snapshot idles for 20 s");

        final int weight;
        final String sentence;

        Kind(int weight, String sentence) {
            this.weight = weight;
            this.sentence = sentence;
        }
    }

    /** Connections that broke are noticed a little later than they break. */
    private static final long NOTICED = 2_000;

    /** Whether what a worker did in that time may have been hit. */
    boolean overlaps(String worker, long begin, long end) {
        return kind != Kind.HOLD_TRANSACTION && worker.startsWith(target) && from <= end && begin <= to + NOTICED;
    }
}
