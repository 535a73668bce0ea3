package io.pgflow.notify;

import org.jspecify.annotations.Nullable;

/**
 * A call could not be carried out; the code says who must act.
 *
 * <p>Fix the code: 001 channel name, 002 queue name, 003 payload, 004 setting, 005 pgjdbc-ng is missing, 006 the listening DataSource
 * gives connections of another driver, 007 closed, 009 unknown queue, 010 not JSON, 013 argument. Try again: 008 the database did not
 * answer or refused, 011 no reply in time. Look at the replying side: 012 its handler failed. Only logged, never thrown: 014 a handler
 * threw, 015 polling because notifications do not arrive, 016 the LISTEN connection was lost, 017 a hint could not be sent.
 */
public final class NotificationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String code;

    NotificationException(String code, String message, @Nullable Throwable cause) {
        super("[" + code + "] " + message, cause);
        this.code = code;
    }

    NotificationException(String code, String message) {
        this(code, message, null);
    }

    /** The stable code, for example {@code PGF-NTF-001}. */
    public String code() {
        return code;
    }
}
