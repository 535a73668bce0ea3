package io.pgflow.workflow;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Puts steps behind those they depend on, by name where that leaves a choice: the order in which somebody happened to write
 * the steps (or in which a JVM lists the methods of a class) must not make another version of the same workflow.
 */
final class TopologicalOrder {

    private final Map<String, StepDefinition> steps = new LinkedHashMap<>();
    private final Map<String, Integer> waitingFor = new HashMap<>();
    private final Map<String, List<String>> dependents = new HashMap<>();
    private final List<StepDefinition> order = new ArrayList<>();

    private TopologicalOrder(List<StepDefinition> all) {
        all.forEach(step -> steps.put(step.name(), step));
        for (StepDefinition step : steps.values()) {
            List<String> known = knownDependencies(step);
            waitingFor.put(step.name(), known.size());
            known.forEach(parent ->
                    dependents.computeIfAbsent(parent, p -> new ArrayList<>()).add(step.name()));
        }
    }

    /** The steps in order, each with its dependencies in order too. */
    static List<StepDefinition> sorted(List<StepDefinition> steps) {
        TopologicalOrder order = new TopologicalOrder(steps);
        order.takeAllReady();
        return order.order.stream()
                .map(step -> step.withAfter(
                        step.after().stream().sorted(Comparator.naturalOrder()).toList()))
                .toList();
    }

    /** The circles among the steps, each as the names in the direction of the flow. Unknown and self dependencies are not looked at. */
    static List<List<String>> cycles(List<StepDefinition> steps) {
        TopologicalOrder order = new TopologicalOrder(steps);
        List<List<String>> cycles = new ArrayList<>();
        order.takeAllReady();
        while (!order.waitingFor.isEmpty()) {
            List<String> cycle = order.cycleAmongWaiting();
            cycles.add(cycle);
            cycle.forEach(order::take);
            order.takeAllReady();
        }
        return cycles;
    }

    private List<String> knownDependencies(StepDefinition step) {
        return step.dependencies().stream()
                .distinct()
                .filter(parent -> steps.containsKey(parent) && !parent.equals(step.name()))
                .collect(Collectors.toList());
    }

    private void takeAllReady() {
        PriorityQueue<String> ready = new PriorityQueue<>();
        waitingFor.forEach((name, count) -> {
            if (count == 0) {
                ready.add(name);
            }
        });
        while (!ready.isEmpty()) {
            ready.addAll(take(ready.remove()));
        }
    }

    /** Puts a step into the order and gives those that now wait for nothing. */
    private List<String> take(String name) {
        StepDefinition step = steps.get(name);
        waitingFor.remove(name);
        if (step != null) {
            order.add(step);
        }
        List<String> freed = new ArrayList<>();
        for (String dependent : dependents.getOrDefault(name, List.of())) {
            Integer left = waitingFor.computeIfPresent(dependent, (d, count) -> count - 1);
            if (left != null && left == 0) {
                freed.add(dependent);
            }
        }
        return freed;
    }

    /** Everything that still waits leads to a circle when walked against the flow. */
    private List<String> cycleAmongWaiting() {
        List<String> walked = new ArrayList<>();
        String at = new TreeMap<>(waitingFor).firstKey();
        while (!walked.contains(at)) {
            walked.add(at);
            at = waitingParentOf(at);
        }
        List<String> cycle = new ArrayList<>(walked.subList(walked.indexOf(at), walked.size()));
        Collections.reverse(cycle);
        return cycle;
    }

    private String waitingParentOf(String name) {
        StepDefinition step = steps.get(name);
        if (step == null) {
            throw new IllegalStateException("no step " + name);
        }
        return knownDependencies(step).stream()
                .filter(waitingFor::containsKey)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(name + " waits for nothing"));
    }
}
