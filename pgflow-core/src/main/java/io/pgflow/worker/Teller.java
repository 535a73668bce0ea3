package io.pgflow.worker;

import io.pgflow.internal.json.Json;
import io.pgflow.internal.store.TaskId;
import io.pgflow.internal.store.ToldProgress;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What one attempt tells while it works, within bounds: whoever watches is not to fill the database. */
final class Teller {

    private static final int LARGEST = 64 << 10;
    private static final int LONGEST_MESSAGE = 1000;
    private static final int MOST_CHUNKS = 10_000;
    private static final long MOST_BYTES = 4L << 20;

    private final TaskId task;
    private final Tidings tidings;
    private int chunks;
    private long bytes;

    Teller(TaskId task, Tidings tidings) {
        this.task = task;
        this.tidings = tidings;
    }

    void report(double fraction, String message, @Nullable Object detail) {
        if (!(fraction >= 0 && fraction <= 1)) {
            throw new ProgressRefusedException(
                    ProgressRefusedException.NO_FRACTION, "the progress is " + fraction + "; use 0 to 1");
        }
        if (message.length() > LONGEST_MESSAGE || message.indexOf(0) >= 0) {
            throw new ProgressRefusedException(
                    ProgressRefusedException.TOO_LARGE,
                    "a message of progress has " + message.length() + " characters; use at most " + LONGEST_MESSAGE
                            + ", none of them \\u0000");
        }
        String json = detail == null ? null : json(detail, "the detail of a report of progress");
        tidings.tell(new ToldProgress(task, fraction, message, json, null));
    }

    synchronized void emit(@Nullable Object chunk) {
        String json = json(chunk, "a part of the output");
        chunks++;
        bytes += json.getBytes(StandardCharsets.UTF_8).length;
        if (chunks > MOST_CHUNKS || bytes > MOST_BYTES) {
            throw new ProgressRefusedException(
                    ProgressRefusedException.TOO_MANY,
                    "an attempt has given more than " + MOST_CHUNKS + " parts of its output, or " + MOST_BYTES
                            + " bytes; give larger parts, or fewer");
        }
        tidings.tell(new ToldProgress(task, 0, "", null, json));
    }

    private static String json(@Nullable Object value, String place) {
        String json = Json.write(value, Object.class, place);
        int size = json.getBytes(StandardCharsets.UTF_8).length;
        if (size > LARGEST) {
            throw new ProgressRefusedException(
                    ProgressRefusedException.TOO_LARGE,
                    place + " has " + size + " bytes and the limit is " + LARGEST + "; give it in parts");
        }
        Json.check(json, place, LARGEST);
        return json;
    }
}
