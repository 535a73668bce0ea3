package io.pgflow.sql.simulation;

import io.pgflow.sql.spec.Row;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** What the processes were told and what their handlers did, kept apart from the database: in the end the tables must agree with it. */
final class Evidence {
    /** By the run that a start asked for: the one that stands for it. */
    private final Map<UUID, UUID> acknowledged = new HashMap<>();

    private final Map<String, UUID> onlyOnes = new HashMap<>();
    private final Map<String, Set<UUID>> oneAtOnce = new HashMap<>();
    private final Set<UUID> mayBeGone = new HashSet<>();
    private final List<String> contradictions = new ArrayList<>();
    private final Set<String> cached = new HashSet<>();
    private final Set<Task> begun = new HashSet<>();
    private final Map<Task, Attempt> acted = new HashMap<>();
    private final Map<Task, Integer> sent = new HashMap<>();
    private final Set<Task> applied = new HashSet<>();
    private final Set<Task> stale = new HashSet<>();
    private final Set<Long> disturbed = new HashSet<>();
    private final Set<Long> lost = new HashSet<>();
    private int moves;

    /** A start was answered: this run stands for it, be it its own or another one. */
    void stands(UUID start, UUID run) {
        acknowledged.put(start, run);
    }

    /** As long as this run is there, no other may be answered for the key. */
    void onlyOne(String key, UUID run) {
        UUID before = onlyOnes.put(key, run);
        if (before != null && !before.equals(run) && !mayBeGone.contains(before)) {
            contradictions.add(key + " stood for one run and then for another one, " + before + " and " + run);
        }
    }

    /** Of the runs that are answered for the key, one may begin when those before it have ended. */
    void oneAtOnce(String key, UUID run) {
        oneAtOnce.computeIfAbsent(key, any -> new HashSet<>()).add(run);
    }

    /** These runs may be removed from now on. */
    void mayForget(Server server, String runs) {
        server.read(runs).forEach(row -> mayBeGone.add(row.uuid("run_id")));
    }

    void began(Task task) {
        begun.add(task);
    }

    void acted(Attempt attempt) {
        acted.put(attempt.task(), attempt);
        if (attempt.handler().equals(KeptOutputs.HANDLER)) {
            cached.add(attempt.output());
        }
    }

    void moved() {
        moves++;
    }

    int handlers() {
        return moves;
    }

    /** A report is on its way. */
    void sent(Task task, boolean completion) {
        if (completion) {
            sent.merge(task, 1, Integer::sum);
        }
    }

    /** The server answered the report. */
    void told(Task task, boolean completion, boolean tooLate) {
        if (completion) {
            (tooLate ? stale : applied).add(task);
        }
    }

    /** The outside was told what became of its answer. */
    void answered(Task task, String outcome) {
        sent(task, true);
        if (outcome.equals("applied")) {
            applied.add(task);
        }
    }

    /** A fault met the worker: what it holds may be lost. */
    void disturbed(long worker) {
        disturbed.add(worker);
    }

    void lost(List<Long> workers) {
        lost.addAll(workers);
    }

    /** A worker has said what it knows that it holds: from now on it holds nothing else. */
    void holds(Server server, long worker, Set<Task> known) {
        for (Row row : server.read(
                "select run_id, step, item, fence from pgflow.tasks where worker_id = ? and state = 'RUNNING'",
                (int) worker)) {
            if (!known.contains(Task.of(row))) {
                throw new AssertionError("worker " + worker + " recovered its claims, and holds what it does not know");
            }
        }
    }

    int lostWorkers() {
        return lost.size();
    }

    /** What must hold of the tables at any moment. */
    static List<String> verify(Server server, History history) {
        return server.read("select * from pgflow.verify()").stream()
                .map(row -> "verify: " + history.words(List.of(row)))
                .toList();
    }

    /** Where the tables and the evidence differ. */
    List<String> differences(Server server, History history) {
        List<String> found = new ArrayList<>(contradictions);
        Set<UUID> there = runs(server, history, found);
        keys(server, history, found);
        Set<Task> completed = new HashSet<>();
        for (Row event : server.read("""
                select e.run_id, e.step, e.item, e.fence, e.transition, e.worker_id,
                       exists (select
                               from pgflow.audit c
                               where c.run_id = e.run_id and c.step = e.step and c.item = e.item and c.fence = e.fence
                                 and c.transition = 4) as claimed
                from pgflow.events e
                where e.transition in (6, 8, 12)
                order by e.event_id
                """)) {
            Task task = Task.of(event);
            if (event.integer("transition") != 6) {
                check(
                        disturbed.contains(event.number("worker_id")),
                        task,
                        "was taken from a worker that no fault met",
                        history,
                        found);
            } else if (event.truth("claimed")) {
                completed.add(task);
                check(acted.containsKey(task), task, "succeeded, and no handler did it", history, found);
            }
        }
        applied.stream()
                .filter(task -> there.contains(task.run()))
                .forEach(task ->
                        check(completed.contains(task), task, "was acknowledged and did not succeed", history, found));
        stale.stream()
                .filter(task -> sent.getOrDefault(task, 0) == 1)
                .forEach(task -> check(
                        !completed.contains(task), task, "succeeded by a report that was too late", history, found));
        outputs(server, completed, history, found);
        reused(server, history, found);
        ledger(server, there, completed, history, found);
        found.addAll(verify(server, history));
        return found;
    }

    /** The runs that are there. */
    private Set<UUID> runs(Server server, History history, List<String> found) {
        Map<UUID, String> states = new HashMap<>();
        server.read("select run_id, state from pgflow.runs")
                .forEach(row -> states.put(row.uuid("run_id"), String.valueOf(row.text("state"))));
        acknowledged.forEach((start, run) -> {
            String state = states.getOrDefault(run, mayBeGone.contains(run) ? "CANCELLED" : "not there");
            if (!Set.of("SUCCEEDED", "FAILED", "CANCELLED").contains(state)) {
                found.add(history.run(run) + " was acknowledged and is " + state);
            }
            if (!start.equals(run) && states.containsKey(start)) {
                found.add(history.run(start) + " was started although " + history.run(run) + " stands for it");
            }
        });
        return states.keySet();
    }

    private void keys(Server server, History history, List<String> found) {
        oneAtOnce.forEach((key, runs) -> {
            for (Row both : server.read("""
                    select a.run_id, b.run_id as other_id
                    from pgflow.runs a
                    join pgflow.runs b on b.run_id <> a.run_id and b.created_at >= a.created_at and b.created_at < a.ended_at
                    where a.run_id = any (?)
                      and b.run_id = any (?)
                      and a.generation = 1
                    """, runs.toArray(UUID[]::new), runs.toArray(UUID[]::new))) {
                found.add(key + " stood for " + history.run(both.uuid("run_id")) + " and "
                        + history.run(both.uuid("other_id")) + " at once");
            }
        });
    }

    /** What stands in the tables is what the attempt gave that counted. */
    private void outputs(Server server, Set<Task> completed, History history, List<String> found) {
        for (Row row : server.read(
                "select run_id, step, item, fence, output::text as output from pgflow.tasks where state = 'SUCCEEDED'")) {
            Attempt attempt = acted.get(Task.of(row));
            if (attempt != null && completed.contains(attempt.task())) {
                check(
                        attempt.output().equals(row.text("output")),
                        attempt.task(),
                        "has the output " + row.text("output") + " and not " + attempt.output(),
                        history,
                        found);
            }
        }
    }

    /** A task that succeeded without its handler has the output of another one of its cache. */
    private void reused(Server server, History history, List<String> found) {
        for (Row row : server.read("""
                select t.run_id, t.step, t.item, t.fence, t.output::text as output
                from pgflow.tasks t
                join pgflow.audit a using (run_id, step, item, fence)
                where t.state = 'SUCCEEDED'
                  and a.transition = 70
                """)) {
            check(
                    cached.contains(row.text("output")),
                    Task.of(row),
                    "was given the output " + row.text("output") + " of nobody",
                    history,
                    found);
        }
    }

    private void ledger(Server server, Set<UUID> there, Set<Task> completed, History history, List<String> found) {
        Map<Task, Integer> booked = new HashMap<>();
        server.read("select run_id, step, item, fence from ledger")
                .forEach(row -> booked.merge(Task.of(row), 1, Integer::sum));
        booked.keySet().removeIf(task -> !there.contains(task.run()));
        booked.forEach((task, times) ->
                check(times == 1 && completed.contains(task), task, "is booked " + times + " times", history, found));
        completed.stream()
                .filter(task ->
                        acted.containsKey(task) && acted.get(task).handler().equals("book"))
                .forEach(task -> check(booked.containsKey(task), task, "succeeded and is not booked", history, found));
    }

    private static void check(boolean holds, Task task, String otherwise, History history, List<String> found) {
        if (!holds) {
            found.add(history.run(task.run()) + "/" + task.step() + "/" + task.item() + "#" + task.fence() + " "
                    + otherwise);
        }
    }
}
