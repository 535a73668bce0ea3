package io.pgflow.chaos;

import io.pgflow.chaos.Fault.Kind;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/** What a chaos run has shown: what is wrong, what makes it worth little, and the figures. */
final class Findings {

    private static final double ENOUGH = 0.95;

    final ChaosSetting setting;
    final String server;
    final List<Fault> faults;
    final Attempts attempts;
    final long quiet;

    /** By workflow and state. */
    final Map<String, Map<String, Integer>> runs = new TreeMap<>();

    int refused;
    int decided;
    int tasksWithEffects;
    int effectsInAll;
    private final List<String> violations = new ArrayList<>();

    Findings(ChaosSetting setting, String server, List<Fault> faults, Attempts attempts, long quiet) {
        this.setting = setting;
        this.server = server;
        this.faults = faults;
        this.attempts = attempts;
        this.quiet = quiet;
    }

    void violations(String witness, List<String> found) {
        found.forEach(each -> violations.add(witness + ": " + each));
    }

    void runs(Map<UUID, String> acknowledged, Map<UUID, String> states, int refusedCalls, int decisions) {
        acknowledged.forEach((run, kind) -> runs.computeIfAbsent(kind, any -> new TreeMap<>())
                .merge(states.getOrDefault(run, "absent"), 1, Integer::sum));
        refused = refusedCalls;
        decided = decisions;
    }

    void effects(Effects effects) {
        tasksWithEffects = effects.tasks();
        effectsInAll = effects.inAll();
    }

    List<String> violations() {
        return List.copyOf(violations);
    }

    /** How many faults of each kind there were. */
    Map<Kind, Integer> kinds() {
        Map<Kind, Integer> kinds = new EnumMap<>(Kind.class);
        faults.forEach(fault -> kinds.merge(fault.kind(), 1, Integer::sum));
        return kinds;
    }

    /** How many attempts were under way when something broke that may concern them. */
    long attemptsHit() {
        return attemptsHitBy(faults);
    }

    long attemptsHitBy(Kind kind) {
        return attemptsHitBy(
                faults.stream().filter(fault -> fault.kind() == kind).toList());
    }

    private long attemptsHitBy(List<Fault> some) {
        return attempts.byTask().values().stream()
                .flatMap(List::stream)
                .filter(attempt -> !Evidence.met(attempt, some).isEmpty())
                .count();
    }

    /** What makes the run prove too little (I25). */
    List<String> vacuous() {
        List<String> missing = new ArrayList<>();
        if (succeeded() < ENOUGH * meantToSucceed() || meantToSucceed() == 0) {
            missing.add(succeeded() + " of " + meantToSucceed() + " runs succeeded that were meant to");
        }
        if (setting.minutes() >= 2) {
            for (Kind kind : setting.kinds()) {
                if (!kinds().containsKey(kind)) {
                    missing.add(kind + " never happened");
                }
            }
        }
        if (setting.kinds().contains(Kind.KILL_WORKER) && attempts.transitions().getOrDefault("lose", 0) == 0) {
            missing.add("no worker was lost with a task");
        }
        return missing;
    }

    int succeeded() {
        return runs.entrySet().stream()
                .filter(entry -> !entry.getKey().equals("cancelled"))
                .mapToInt(entry -> entry.getValue().getOrDefault("SUCCEEDED", 0))
                .sum();
    }

    int meantToSucceed() {
        return runs.entrySet().stream()
                .filter(entry -> !entry.getKey().equals("cancelled"))
                .flatMap(entry -> entry.getValue().values().stream())
                .mapToInt(Integer::intValue)
                .sum();
    }

    int tasks() {
        return attempts.byTask().size();
    }
}
