package io.pgflow.executor;

import io.pgflow.workflow.Limits;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How may a start differ from "now, like any other"? Say {@code StartOptions.idempotencyKey("order-17").label("tenant", "a")}.
 *
 * @param idempotencyKey with a key, at most one run of the workflow is ever started; a second start gives the first run
 *     (1 to 200 characters)
 * @param labels for finding runs again: at most 32, keys and values of at most 64 characters
 * @param delay how long from now the run begins; zero: at once
 * @param deadline how long after its beginning the run must have ended, or else it fails, in place of what its workflow says;
 *     1 ms to 365 days; empty: what the workflow says
 * @param priority which runs go first
 * @param actor who asked, for the audit
 */
public record StartOptions(
        Optional<String> idempotencyKey,
        Map<String, String> labels,
        Duration delay,
        Optional<Duration> deadline,
        Priority priority,
        Optional<String> actor) {

    private static final StartOptions NONE = new StartOptions(
            Optional.empty(), Map.of(), Duration.ZERO, Optional.empty(), Priority.NORMAL, Optional.empty());
    private static final int MOST_LABELS = 32;
    private static final int LONGEST_LABEL = 64;
    private static final int LONGEST_NAME = 200;

    public StartOptions {
        labels = Map.copyOf(labels);
        idempotencyKey.ifPresent(key -> checkLength("the idempotency key", key, LONGEST_NAME));
        actor.ifPresent(name -> checkLength("the actor", name, LONGEST_NAME));
        if (labels.size() > MOST_LABELS) {
            throw StartRefusedException.badOptions(
                    labels.size() + " labels are too many; a run has at most " + MOST_LABELS);
        }
        labels.forEach((key, value) -> {
            checkLength("a label's key", key, LONGEST_LABEL);
            checkLength("the value of label " + key, value, LONGEST_LABEL);
        });
        if (delay.isNegative()) {
            throw StartRefusedException.badOptions("the delay is negative: " + delay);
        }
        deadline.ifPresent(StartOptions::checkDeadline);
    }

    /** Now, like any other. */
    public static StartOptions none() {
        return NONE;
    }

    public StartOptions idempotencyKey(String key) {
        return new StartOptions(Optional.of(key), labels, delay, deadline, priority, actor);
    }

    public StartOptions label(String key, String value) {
        var more = new TreeMap<>(labels);
        more.put(key, value);
        return new StartOptions(idempotencyKey, more, delay, deadline, priority, actor);
    }

    public StartOptions delay(Duration fromNow) {
        return new StartOptions(idempotencyKey, labels, fromNow, deadline, priority, actor);
    }

    public StartOptions deadline(Duration afterItsBeginning) {
        return new StartOptions(idempotencyKey, labels, delay, Optional.of(afterItsBeginning), priority, actor);
    }

    public StartOptions priority(Priority changed) {
        return new StartOptions(idempotencyKey, labels, delay, deadline, changed, actor);
    }

    public StartOptions actor(String name) {
        return new StartOptions(idempotencyKey, labels, delay, deadline, priority, Optional.of(name));
    }

    private static void checkDeadline(Duration deadline) {
        if (deadline.toMillis() < 1 || deadline.compareTo(Limits.MAX_DEADLINE) > 0) {
            throw StartRefusedException.badOptions(
                    "the deadline is not between 1 ms and " + Limits.MAX_DEADLINE.toDays() + " days: " + deadline);
        }
    }

    private static void checkLength(String what, String text, int longest) {
        if (text.isBlank() || text.length() > longest || text.indexOf('\u0000') >= 0) {
            throw StartRefusedException.badOptions(what + " must have 1 to " + longest + " characters");
        }
    }
}
