package io.pgflow.deferred;

import java.util.Locale;

/** What came of an answer for a deferred task? */
public enum AnswerOutcome {
    /** It was taken. */
    APPLIED,
    /** It had been taken before: the same answer was sent again. */
    REPEATED,
    /** Nobody waits for it any more: the attempt is over, by another answer, by its time or with its run. Stop working on it. */
    STALE,
    /** It is no token of this database. */
    UNKNOWN;

    /** What the functions of the database say. */
    static AnswerOutcome of(String answer) {
        return valueOf(answer.toUpperCase(Locale.ROOT));
    }
}
