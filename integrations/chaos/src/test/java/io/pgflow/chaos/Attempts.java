package io.pgflow.chaos;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import javax.sql.DataSource;

/** Who worked on which task, from when to when: read from the audit, which is kept as a file at the same time. */
final class Attempts {

    /** {@code item} is 0 for a plain step. */
    record Task(UUID runId, String step, int item) {}

    /**
     * From a claim to the next event of the task.
     *
     * @param worker the name of its worker
     * @param end of the attempt, by the transition that ended it
     */
    record Attempt(String worker, long from, long to, String end) {}

    private static final String AUDIT = """
            select a.run_id, s.name, a.item, a.seq, a.fence, tr.name as transition, a.worker_id, w.name as worker,
                (extract(epoch from a.at) * 1000)::bigint as at
            from pgflow.audit a
            join pgflow.runs r using (run_id)
            join pgflow.transitions tr using (transition)
            left join pgflow.steps s on s.workflow_id = r.workflow_id and s.step = a.step
            left join pgflow.workers w on w.worker_id = a.worker_id
            where a.step > 0
            order by a.run_id, a.step, a.item, a.seq
            """;

    private final Map<Task, List<Attempt>> byTask = new HashMap<>();
    private final Map<String, Integer> transitions = new HashMap<>();

    private Attempts() {}

    static Attempts read(DataSource dataSource, Path copy) throws SQLException, IOException {
        var attempts = new Attempts();
        try (Connection connection = dataSource.getConnection();
                var statement = connection.createStatement();
                BufferedWriter out = Files.newBufferedWriter(copy)) {
            connection.setAutoCommit(false);
            statement.setFetchSize(5_000);
            out.write("run step item seq fence transition worker at\n");
            try (ResultSet row = statement.executeQuery(AUDIT)) {
                attempts.read(row, out);
            }
            connection.rollback();
            connection.setAutoCommit(true);
        }
        return attempts;
    }

    private void read(ResultSet row, BufferedWriter out) throws SQLException, IOException {
        Task claimedTask = null;
        String worker = "";
        long from = 0;
        while (row.next()) {
            Task task = new Task(row.getObject("run_id", UUID.class), row.getString("name"), row.getInt("item"));
            String transition = row.getString("transition");
            long at = row.getLong("at");
            out.write(task.runId() + " " + task.step() + " " + task.item() + " " + row.getInt("seq") + " "
                    + row.getInt("fence") + " " + transition + " " + row.getString("worker") + " " + at + "\n");
            transitions.merge(transition, 1, Integer::sum);
            if (task.equals(claimedTask)) {
                byTask.computeIfAbsent(task, any -> new ArrayList<>()).add(new Attempt(worker, from, at, transition));
            }
            claimedTask = null;
            if (transition.equals("claim")) {
                claimedTask = task;
                worker = row.getString("worker");
                from = at;
            }
        }
    }

    Map<Task, List<Attempt>> byTask() {
        return byTask;
    }

    Stream<Attempt> all() {
        return byTask.values().stream().flatMap(List::stream);
    }

    /** How often each transition of tasks was taken. */
    Map<String, Integer> transitions() {
        return transitions;
    }
}
