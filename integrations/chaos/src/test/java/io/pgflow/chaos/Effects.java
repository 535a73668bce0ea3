package io.pgflow.chaos;

import io.pgflow.chaos.Attempts.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;

/**
 * What handlers really did, by the journals that no database wrote.
 *
 * @param byTask the attempts that had an effect, as often as they had one; an attempt has one fence
 */
record Effects(Map<Task, List<Integer>> byTask) {

    /**
     * What the tables say of a task that a handler runs.
     *
     * @param run the state of its run
     */
    record Said(String task, String run) {}

    private static final Set<String> WITHOUT_SUCCESS = Set.of("FAILED", "CANCELLED");

    /** By all journals of a folder. */
    static Effects in(Path folder) throws IOException {
        Map<Task, List<Integer>> byTask = new HashMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file :
                    files.filter(each -> each.toString().endsWith(".journal")).toList()) {
                for (Journal.Effect effect : Journal.read(file)) {
                    Task task = new Task(effect.runId(), effect.step(), effect.item() + 1);
                    byTask.computeIfAbsent(task, any -> new ArrayList<>()).add(effect.attempt());
                }
            }
        }
        return new Effects(byTask);
    }

    int tasks() {
        return byTask.size();
    }

    int inAll() {
        return byTask.values().stream().mapToInt(List::size).sum();
    }

    /**
     * What does not agree with the tables: work that was done and of which nobody knows, results of work that was not done, a second
     * effect of one attempt, and more effects than one and the faults that the attempts of the task met.
     */
    List<String> wrong(Map<Task, Said> tables, ToIntFunction<Task> faultsMet) {
        List<String> wrong = new ArrayList<>();
        tables.forEach((task, said) -> {
            if (said.task().equals("SUCCEEDED") && !byTask.containsKey(task)) {
                wrong.add(task + " succeeded without an effect");
            }
        });
        byTask.forEach((task, attempts) -> {
            Said said = tables.get(task);
            if (said == null) {
                wrong.add(task + " had an effect, and is not there");
            } else if (!said.task().equals("SUCCEEDED") && !WITHOUT_SUCCESS.contains(said.run())) {
                wrong.add(task + " had an effect, and is " + said.task() + " in a run that is " + said.run());
            }
            if (new HashSet<>(attempts).size() < attempts.size()) {
                wrong.add(task + " had two effects in one attempt: " + attempts);
            }
            if (attempts.size() > 1 && attempts.size() > 1 + faultsMet.applyAsInt(task)) {
                wrong.add(task + " had " + attempts.size() + " effects, and met " + faultsMet.applyAsInt(task)
                        + " faults");
            }
        });
        return wrong;
    }
}
