package io.pgflow.sql.simulation;

import io.pgflow.sql.spec.Row;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Tasks of one worker whose outputs may be known: it asks before they run, and gives theirs away when they have succeeded. */
final class KeptOutputs {
    static final String HANDLER = "kept";

    private final World world;
    private final String name;
    private final List<Row> claimed = new ArrayList<>();
    private final Map<Task, String> unknown = new LinkedHashMap<>();
    private final Map<Task, String> toKeep = new LinkedHashMap<>();

    KeptOutputs(World world, String name) {
        this.world = world;
        this.name = name;
    }

    /** True when it is asked for before it runs. */
    boolean takes(Row task) {
        return step(task).handler().equals(HANDLER) && claimed.add(task);
    }

    private Steps.Step step(Row task) {
        return world.steps.of(task.number("workflow_id"), task.integer("step"));
    }

    /** How many were claimed and not asked for. */
    int claimed() {
        return claimed.size();
    }

    boolean hasCalls() {
        return !claimed.isEmpty() || !toKeep.isEmpty();
    }

    /** Others have what was claimed. */
    void forget() {
        claimed.clear();
    }

    /**
     * Those that are known have succeeded by this call.
     *
     * @param run is given the others
     */
    List<Row> ask(long worker, Consumer<Row> run) {
        List<Row> asked = List.copyOf(claimed);
        claimed.clear();
        List<Task> tasks = asked.stream().map(Task::of).toList();
        String[] keys = asked.stream().map(this::key).toArray(String[]::new);
        Object[] arrays = Task.arrays(tasks);
        List<Row> answer = world.server.call(
                name,
                "reuse " + tasks.size(),
                "select * from pgflow.reuse_outputs(?, ?, ?, ?, ?, array_fill('kept'::text, array[?]), ?::jsonb[])",
                worker,
                arrays[0],
                arrays[1],
                arrays[2],
                arrays[3],
                tasks.size(),
                keys);
        List<Integer> reused = answer.get(0).list("reused", Integer.class);
        for (int i = 0; i < asked.size(); i++) {
            if (!reused.contains(i + 1)) {
                unknown.put(tasks.get(i), keys[i]);
                run.accept(asked.get(i));
            }
        }
        return answer;
    }

    /** Steps that give lists have keys of their own, so that maps get lists. */
    private String key(Row task) {
        return "{\"list\": " + step(task).name().startsWith("l") + ", \"n\": " + task.integer("item") % 2 + "}";
    }

    /** Their reports were answered. */
    void ended(List<Task> tasks) {
        for (Task task : tasks) {
            String key = unknown.remove(task);
            if (key != null) {
                toKeep.put(task, key);
            }
        }
    }

    /** Those that have not succeeded are passed over by the server; without an answer they may not be kept. */
    void keep() {
        Map<Task, String> all = new LinkedHashMap<>(toKeep);
        toKeep.clear();
        Object[] arrays = Task.arrays(all.keySet());
        world.server.call(
                name,
                "keep " + all.size(),
                "select pgflow.cache_outputs(?, ?, ?, ?, array_fill('kept'::text, array[?]), ?::jsonb[],"
                        + " array_fill(interval '3 minutes', array[?]))",
                arrays[0],
                arrays[1],
                arrays[2],
                arrays[3],
                all.size(),
                all.values().toArray(String[]::new),
                all.size());
    }
}
