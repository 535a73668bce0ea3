package io.pgflow.operation;

import io.pgflow.internal.json.Json;
import io.pgflow.internal.store.RunChoice;
import io.pgflow.state.RunState;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which runs is an operation about? Start from {@link #all()} and narrow.
 *
 * @param states runs in one of them; in any when there is none
 * @param labels runs that have all of them
 * @param createdFrom runs that were created then or later
 * @param createdUntil runs that were created before
 */
public record RunSelection(
        Optional<String> workflow,
        Set<RunState> states,
        Map<String, String> labels,
        Optional<Instant> createdFrom,
        Optional<Instant> createdUntil) {

    private static final RunSelection ALL =
            new RunSelection(Optional.empty(), Set.of(), Map.of(), Optional.empty(), Optional.empty());

    public RunSelection {
        states = Set.copyOf(states);
        labels = Map.copyOf(labels);
    }

    public static RunSelection all() {
        return ALL;
    }

    public RunSelection workflow(String name) {
        return new RunSelection(Optional.of(name), states, labels, createdFrom, createdUntil);
    }

    /** Runs in this state, or another that was named before. */
    public RunSelection state(RunState state) {
        var more = new TreeSet<>(states);
        more.add(state);
        return new RunSelection(workflow, more, labels, createdFrom, createdUntil);
    }

    /** Runs with this label, and all others that were named before. */
    public RunSelection label(String key, String value) {
        var more = new TreeMap<>(labels);
        more.put(key, value);
        return new RunSelection(workflow, states, more, createdFrom, createdUntil);
    }

    public RunSelection createdFrom(Instant time) {
        return new RunSelection(workflow, states, labels, Optional.of(time), createdUntil);
    }

    public RunSelection createdUntil(Instant time) {
        return new RunSelection(workflow, states, labels, createdFrom, Optional.of(time));
    }

    RunChoice choice() {
        return new RunChoice(
                workflow,
                states.stream().map(RunState::name).sorted().toList(),
                labels.isEmpty() ? Optional.empty() : Optional.of(Json.writeTree(labels)),
                createdFrom,
                createdUntil);
    }
}
