package io.pgflow.schedule;

import io.pgflow.audit.AuditNote;
import io.pgflow.state.Priority;
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
 * @param priority of each run
 * @param deadline of each run, in place of what its workflow says
 * @param note who defines it and why, for the history
 */
public record ScheduleOptions(
        CatchUp catchUp,
        Overlap overlap,
        Map<String, String> labels,
        Priority priority,
        Optional<Duration> deadline,
        Optional<AuditNote> note) {

    private static final ScheduleOptions NONE = new ScheduleOptions(
            CatchUp.once(), Overlap.ALLOW, Map.of(), Priority.NORMAL, Optional.empty(), Optional.empty());
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
        return new ScheduleOptions(changed, overlap, labels, priority, deadline, note);
    }

    public ScheduleOptions overlap(Overlap changed) {
        return new ScheduleOptions(catchUp, changed, labels, priority, deadline, note);
    }

    public ScheduleOptions label(String key, String value) {
        var more = new TreeMap<>(labels);
        more.put(key, value);
        return new ScheduleOptions(catchUp, overlap, more, priority, deadline, note);
    }

    public ScheduleOptions priority(Priority changed) {
        return new ScheduleOptions(catchUp, overlap, labels, changed, deadline, note);
    }

    public ScheduleOptions deadline(Duration afterItsBeginning) {
        return new ScheduleOptions(catchUp, overlap, labels, priority, Optional.of(afterItsBeginning), note);
    }

    public ScheduleOptions note(AuditNote changed) {
        return new ScheduleOptions(catchUp, overlap, labels, priority, deadline, Optional.of(changed));
    }

    private static void checkLabel(String text) {
        if (text.isBlank() || text.length() > LONGEST_LABEL || text.indexOf('\u0000') >= 0) {
            throw ScheduleRefusedException.badOptions(
                    "keys and values of labels must have 1 to " + LONGEST_LABEL + " characters");
        }
    }
}
