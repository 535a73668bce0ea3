package io.pgflow.executor;

import io.pgflow.state.RunState;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/**
 * Which runs? Start from {@link #all()} and narrow. Newest first; a page holds {@code limit} runs (default 100, at most 500),
 * and the next begins after the last run of the one before.
 */
public record RunFilter(
        Optional<String> workflow, Set<RunState> states, Map<String, String> labels, Optional<UUID> after, int limit) {

    private static final RunFilter ALL = new RunFilter(Optional.empty(), Set.of(), Map.of(), Optional.empty(), 100);
    private static final int LARGEST_PAGE = 500;

    public RunFilter {
        states = Set.copyOf(states);
        labels = Map.copyOf(labels);
        if (limit < 1 || limit > LARGEST_PAGE) {
            throw new IllegalArgumentException("a page holds 1 to " + LARGEST_PAGE + " runs, not " + limit);
        }
    }

    public static RunFilter all() {
        return ALL;
    }

    public RunFilter workflow(String name) {
        return new RunFilter(Optional.of(name), states, labels, after, limit);
    }

    /** Runs in this state, or another that was named before. */
    public RunFilter state(RunState state) {
        var more = new TreeSet<>(states);
        more.add(state);
        return new RunFilter(workflow, more, labels, after, limit);
    }

    /** Runs with this label, and all others that were named before. */
    public RunFilter label(String key, String value) {
        var more = new TreeMap<>(labels);
        more.put(key, value);
        return new RunFilter(workflow, states, more, after, limit);
    }

    /** Runs that are older than this one: the next page. */
    public RunFilter after(UUID run) {
        return new RunFilter(workflow, states, labels, Optional.of(run), limit);
    }

    public RunFilter limit(int most) {
        return new RunFilter(workflow, states, labels, after, most);
    }
}
