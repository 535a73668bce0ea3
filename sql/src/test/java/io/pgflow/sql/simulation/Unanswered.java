package io.pgflow.sql.simulation;

/** A call whose answer never came: whether the server did it, the caller cannot know. */
final class Unanswered extends RuntimeException {
    private static final long serialVersionUID = 1;

    Unanswered(String what) {
        super(what, null, false, false);
    }
}
