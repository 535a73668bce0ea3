package io.pgflow.executor;

import io.pgflow.state.Priority;
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
 * @param once how long a run stands for all starts with a key
 */
public record StartOptions(
        Optional<String> idempotencyKey,
        Map<String, String> labels,
        Duration delay,
        Optional<Duration> deadline,
        Priority priority,
        Optional<String> actor,
        Optional<Once> once) {

    private static final StartOptions NONE = new StartOptions(
            Optional.empty(),
            Map.of(),
            Duration.ZERO,
            Optional.empty(),
            Priority.NORMAL,
            Optional.empty(),
            Optional.empty());
    private static final int MOST_LABELS = 32;
    private static final int LONGEST_LABEL = 64;
    static final int LONGEST_NAME = 200;

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
        if (once.isPresent() && (idempotencyKey.isPresent() || !delay.isZero() || deadline.isPresent())) {
            throw StartRefusedException.badOptions(
                    "a start that another may stand for has no idempotency key, no delay and no deadline of its own");
        }
        deadline.ifPresent(StartOptions::checkDeadline);
    }

    /** Now, like any other. */
    public static StartOptions none() {
        return NONE;
    }

    public StartOptions idempotencyKey(String key) {
        return new StartOptions(Optional.of(key), labels, delay, deadline, priority, actor, once);
    }

    /** While a run of the workflow with this key has not ended, no other is started: a second start gives that run. */
    public StartOptions onceWhileUnfinished(String key) {
        return once(new Once(Once.How.UNFINISHED, key, Duration.ZERO, Duration.ZERO));
    }

    /** For this long from the start of a run of the workflow with this key, no other is started: a second start gives that run. */
    public StartOptions onceWithin(String key, Duration period) {
        return once(new Once(Once.How.WITHIN, key, period, Duration.ZERO));
    }

    /**
     * The run begins when nobody has started one of the workflow with this key for {@code quiet}, at the latest {@code maxWait} after the first
     * start; with the input of the last.
     */
    public StartOptions debounce(String key, Duration quiet, Duration maxWait) {
        return once(new Once(Once.How.DEBOUNCE, key, quiet, maxWait));
    }

    private StartOptions once(Once how) {
        return new StartOptions(idempotencyKey, labels, delay, deadline, priority, actor, Optional.of(how));
    }

    public StartOptions label(String key, String value) {
        var more = new TreeMap<>(labels);
        more.put(key, value);
        return new StartOptions(idempotencyKey, more, delay, deadline, priority, actor, once);
    }

    public StartOptions delay(Duration fromNow) {
        return new StartOptions(idempotencyKey, labels, fromNow, deadline, priority, actor, once);
    }

    public StartOptions deadline(Duration afterItsBeginning) {
        return new StartOptions(idempotencyKey, labels, delay, Optional.of(afterItsBeginning), priority, actor, once);
    }

    public StartOptions priority(Priority changed) {
        return new StartOptions(idempotencyKey, labels, delay, deadline, changed, actor, once);
    }

    public StartOptions actor(String name) {
        return new StartOptions(idempotencyKey, labels, delay, deadline, priority, Optional.of(name), once);
    }

    private static void checkDeadline(Duration deadline) {
        if (deadline.toMillis() < 1 || deadline.compareTo(Limits.MAX_DEADLINE) > 0) {
            throw StartRefusedException.badOptions(
                    "the deadline is not between 1 ms and " + Limits.MAX_DEADLINE.toDays() + " days: " + deadline);
        }
    }

    static void checkLength(String what, String text, int longest) {
        if (text.isBlank() || text.length() > longest || text.indexOf('\u0000') >= 0) {
            throw StartRefusedException.badOptions(what + " must have 1 to " + longest + " characters");
        }
    }
}
