package io.pgflow.schedule;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How does a schedule differ from "catch up once, let runs overlap, and start them like any other"?
 *
 * @param catchUp what becomes of missed ticks
 * @param overlap whether a run may start while the one before has not ended
 * @param labels of each run, besides {@code schedule}, its name, and {@code tick}, the moment; at most 30, of at most 64 characters
 * @param priority of each run: 1 high, 2 normal, 3 low
 * @param deadline of each run, in place of what its workflow says
 * @param actor who defines it, for the history
 * @param reason why, for the history
 */
public record ScheduleOptions(
        CatchUp catchUp,
        Overlap overlap,
        Map<String, String> labels,
        int priority,
        Optional<Duration> deadline,
        Optional<String> actor,
        Optional<String> reason) {

    private static final ScheduleOptions NONE = new ScheduleOptions(
            CatchUp.once(), Overlap.ALLOW, Map.of(), 2, Optional.empty(), Optional.empty(), Optional.empty());
    private static final int MOST_LABELS = 30;
    private static final int LONGEST_LABEL = 64;
    private static final Duration LONGEST_DEADLINE = Duration.ofDays(365);

    /** @throws ScheduleRefusedException {@code PGF-RUN-043} when a value is out of its range */
    public ScheduleOptions {
        labels = Map.copyOf(labels);
        if (labels.size() > MOST_LABELS) {
            throw ScheduleRefusedException.badOptions(
                    labels.size() + " labels are too many; there can be " + MOST_LABELS);
        }
        labels.forEach((key, value) -> {
            checkLabel(key);
            checkLabel(value);
        });
        if (priority < 1 || priority > 3) {
            throw ScheduleRefusedException.badOptions("priority " + priority + " is none of 1 (high), 2 and 3 (low)");
        }
        deadline.ifPresent(longest -> {
            if (longest.toMillis() < 1 || longest.compareTo(LONGEST_DEADLINE) > 0) {
                throw ScheduleRefusedException.badOptions("the deadline is not between 1 ms and 365 days: " + longest);
            }
        });
    }

    /** As any schedule. */
    public static ScheduleOptions none() {
        return NONE;
    }

    public ScheduleOptions catchUp(CatchUp changed) {
        return new ScheduleOptions(changed, overlap, labels, priority, deadline, actor, reason);
    }

    public ScheduleOptions overlap(Overlap changed) {
        return new ScheduleOptions(catchUp, changed, labels, priority, deadline, actor, reason);
    }

    public ScheduleOptions label(String key, String value) {
        var more = new TreeMap<>(labels);
        more.put(key, value);
        return new ScheduleOptions(catchUp, overlap, more, priority, deadline, actor, reason);
    }

    public ScheduleOptions priority(int changed) {
        return new ScheduleOptions(catchUp, overlap, labels, changed, deadline, actor, reason);
    }

    public ScheduleOptions deadline(Duration afterItsBeginning) {
        return new ScheduleOptions(catchUp, overlap, labels, priority, Optional.of(afterItsBeginning), actor, reason);
    }

    public ScheduleOptions actor(String name) {
        return new ScheduleOptions(catchUp, overlap, labels, priority, deadline, Optional.of(name), reason);
    }

    public ScheduleOptions reason(String why) {
        return new ScheduleOptions(catchUp, overlap, labels, priority, deadline, actor, Optional.of(why));
    }

    private static void checkLabel(String text) {
        if (text.isBlank() || text.length() > LONGEST_LABEL || text.indexOf('\u0000') >= 0) {
            throw ScheduleRefusedException.badOptions(
                    "keys and values of labels must have 1 to " + LONGEST_LABEL + " characters");
        }
    }
}
