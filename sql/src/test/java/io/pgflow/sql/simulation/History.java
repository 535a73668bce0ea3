package io.pgflow.sql.simulation;

import io.pgflow.sql.spec.Row;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What happened, a line a call. Runs are named by the order in which they turned up. */
final class History {
    /** Chance that means nothing, and payloads. */
    private static final Set<String> LEFT_OUT = Set.of("approval_id", "token", "outputs", "workflow_id");

    private final SimulatedClock clock;
    private final List<String> lines = new ArrayList<>();
    private final Map<UUID, String> runs = new HashMap<>();

    History(SimulatedClock clock) {
        this.clock = clock;
    }

    void say(String who, String what) {
        long now = clock.now();
        lines.add(String.format(
                "%d:%02d:%06.3f %s %s", now / 3_600_000, now / 60_000 % 60, now % 60_000 / 1000.0, who, what));
    }

    /** For what the tables say, which has a time of its own. */
    void add(String line) {
        lines.add(line);
    }

    List<String> lines() {
        return lines;
    }

    String last(int count) {
        return last(count, "");
    }

    /** The last lines that have this word. */
    String last(int count, String word) {
        List<String> chosen = lines.stream()
                .filter(line ->
                        (" " + line.replaceAll("\\W", " ") + " ").contains(word.isEmpty() ? "" : " " + word + " "))
                .toList();
        return String.join("\n", chosen.subList(Math.max(0, chosen.size() - count), chosen.size()));
    }

    String run(UUID id) {
        return runs.computeIfAbsent(id, any -> "run" + (runs.size() + 1));
    }

    /** Rows as words, without what is null, false or empty. */
    String words(List<Row> rows) {
        return rows.stream().map(this::words).collect(Collectors.joining("; "));
    }

    private String words(Row row) {
        return row.columns().entrySet().stream()
                .filter(column -> !LEFT_OUT.contains(column.getKey()))
                .filter(column -> column.getValue() != null && !Boolean.FALSE.equals(column.getValue()))
                .map(column -> column.getKey() + " " + word(column.getValue()))
                .collect(Collectors.joining(", "));
    }

    String word(@Nullable Object value) {
        if (value instanceof UUID id) {
            return run(id);
        }
        if (value instanceof Object[] values) {
            return Arrays.stream(values).map(this::word).collect(Collectors.joining(" ", "[", "]"));
        }
        return String.valueOf(value);
    }
}
