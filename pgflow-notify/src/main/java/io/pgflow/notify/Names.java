package io.pgflow.notify;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** The one place that decides which names and payloads go to the server: LISTEN cannot bind its channel, so nothing else may pass. */
final class Names {
    /** PostgreSQL refuses a payload of 8000 bytes or more. */
    private static final int PAYLOAD_LIMIT = 8000;

    private static final int LONGEST_REQUEST_QUEUE = 32;
    private static final Pattern CHANNEL = Pattern.compile("[a-z][a-z0-9_]{0,62}");
    private static final Pattern QUEUE = Pattern.compile("[a-z][a-z0-9_]{0,39}");

    private Names() {}

    static String channel(String name) {
        if (!CHANNEL.matcher(name).matches()) {
            throw new NotificationException(
                    "PGF-NTF-001",
                    "\"" + name + "\" is not a channel name; PostgreSQL folds and cuts other names without a word;"
                            + " use a-z, 0-9 and _, a letter first, at most 63 characters");
        }
        return name;
    }

    static String queue(String name) {
        if (!QUEUE.matcher(name).matches()) {
            throw new NotificationException(
                    "PGF-NTF-002",
                    "\"" + name + "\" is not a queue name; it becomes the name of a table;"
                            + " use a-z, 0-9 and _, a letter first, at most 40 characters");
        }
        return name;
    }

    /** A queue that gets requests leaves room for the ending of its reply queue. */
    static String requestQueue(String name) {
        if (queue(name).length() > LONGEST_REQUEST_QUEUE) {
            throw new NotificationException(
                    "PGF-NTF-002",
                    "\"" + name + "\" is too long for a request queue; its reply queue is called " + name
                            + "_replies; use at most " + LONGEST_REQUEST_QUEUE + " characters");
        }
        return name;
    }

    static String payload(String payload) {
        int bytes = payload.getBytes(StandardCharsets.UTF_8).length;
        if (bytes >= PAYLOAD_LIMIT) {
            throw new NotificationException(
                    "PGF-NTF-003",
                    "the payload has " + bytes + " bytes; PostgreSQL takes fewer than " + PAYLOAD_LIMIT
                            + "; put it into a queue and notify with its id");
        }
        if (payload.indexOf('\0') >= 0) {
            throw new NotificationException(
                    "PGF-NTF-003", "the payload holds the character U+0000; PostgreSQL cannot store it; remove it");
        }
        return payload;
    }

    /** The channel as SQL; safe because {@link #channel} let it pass. */
    static String quoted(String channel) {
        return '"' + channel(channel) + '"';
    }
}
