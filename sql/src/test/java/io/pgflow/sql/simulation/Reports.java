package io.pgflow.sql.simulation;

import io.pgflow.sql.spec.Row;
import io.pgflow.sql.spec.Session;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How attempts of one worker ended, until the server has answered. A batch that has no answer is sent again as it was; what comes meanwhile
 * waits for the next one.
 */
final class Reports {
    private enum Kind {
        COMPLETE,
        DEFER,
        FAIL,
        RELEASE
    }

    private record Report(Attempt attempt, Kind kind) {}

    private final World world;
    private final String name;
    private final Map<Task, Report> open = new LinkedHashMap<>();
    private final List<Task> answered = new ArrayList<>();
    private List<Report> sent = List.of();
    /** Those that asked for a token and have not got it, or are about to write in a transaction of their own. */
    private final List<Attempt> unfinished = new ArrayList<>();

    Reports(World world, String name) {
        this.world = world;
        this.name = name;
    }

    void ended(Attempt attempt) {
        boolean succeeds = attempt.ending() == Attempt.Ending.SUCCEED;
        if (succeeds && (attempt.handler().equals("book") || attempt.handler().equals("later"))) {
            unfinished.add(attempt);
        } else {
            put(
                    attempt,
                    succeeds ? Kind.COMPLETE : attempt.ending() == Attempt.Ending.RELEASE ? Kind.RELEASE : Kind.FAIL);
        }
    }

    private void put(Attempt attempt, Kind kind) {
        open.put(attempt.task(), new Report(attempt, kind));
    }

    boolean has(Task task) {
        return open.containsKey(task)
                || unfinished.stream().anyMatch(attempt -> attempt.task().equals(task));
    }

    boolean isEmpty() {
        return open.isEmpty() && unfinished.isEmpty();
    }

    /** Tasks of which the worker need not know any more. */
    List<Task> takeAnswered() {
        List<Task> taken = List.copyOf(answered);
        answered.clear();
        return taken;
    }

    /** One call; what it woke. */
    List<Row> send(long worker) {
        if (sent.isEmpty() && !unfinished.isEmpty() && (open.isEmpty() || world.random.nextBoolean())) {
            Attempt attempt = unfinished.get(0);
            return attempt.handler().equals("book") ? book(worker, attempt) : handOver(attempt);
        }
        if (sent.isEmpty()) {
            sent = nextBatch();
        }
        if (sent.isEmpty()) {
            return List.of();
        }
        Row answer = send(worker, sent.get(0).kind(), sent);
        Set<Integer> stale = new HashSet<>(answer.has("stale") ? answer.list("stale", Integer.class) : List.of());
        for (int i = 0; i < sent.size(); i++) {
            Report report = sent.get(i);
            if (report.kind() != Kind.RELEASE) {
                world.evidence.told(report.attempt().task(), report.kind() == Kind.COMPLETE, stale.contains(i + 1));
            }
            open.remove(report.attempt().task());
            answered.add(report.attempt().task());
        }
        sent = List.of();
        return List.of(answer);
    }

    private List<Report> nextBatch() {
        List<Report> waiting = List.copyOf(open.values());
        if (waiting.isEmpty()) {
            return List.of();
        }
        Kind kind = waiting.stream().map(Report::kind).min(Kind::compareTo).orElseThrow();
        return waiting.stream().filter(report -> report.kind() == kind).toList();
    }

    private Row send(long worker, Kind kind, List<Report> batch) {
        List<Task> tasks = batch.stream().map(report -> report.attempt().task()).toList();
        tasks.forEach(task -> world.evidence.sent(task, kind == Kind.COMPLETE));
        String what = kind.name().toLowerCase(java.util.Locale.ROOT)
                + tasks.stream().map(this::words).collect(Collectors.joining());
        return switch (kind) {
            case COMPLETE ->
                call(what, "select * from pgflow.complete_tasks(?, ?, ?, ?, ?, ?::jsonb[])", worker, tasks, (Object)
                        batch.stream().map(report -> report.attempt().output()).toArray(String[]::new));
            case DEFER -> call(what, "select * from pgflow.defer_tasks(?, ?, ?, ?, ?)", worker, tasks);
            case FAIL ->
                call(
                        what,
                        "select * from pgflow.fail_tasks(?, ?, ?, ?, ?, ?::jsonb[], ?::boolean[], array_fill(null::interval, array[?]))",
                        worker,
                        tasks,
                        Collections.nCopies(batch.size(), "{\"message\": \"no luck\"}")
                                .toArray(String[]::new),
                        batch.stream()
                                .map(report ->
                                        String.valueOf(report.attempt().ending() != Attempt.Ending.FAIL_FOR_GOOD))
                                .toArray(String[]::new),
                        batch.size());
            case RELEASE -> call(what, "select * from pgflow.release_tasks(?, ?, ?, ?, ?)", worker, tasks);
        };
    }

    private String words(Task task) {
        return " " + world.history.run(task.run()) + "/" + task.step() + "/" + task.item() + "#" + task.fence();
    }

    private Row call(String what, String sql, long worker, List<Task> tasks, @Nullable Object... more) {
        List<@Nullable Object> parameters = new ArrayList<>();
        parameters.add(worker);
        parameters.addAll(List.of(Task.arrays(tasks)));
        parameters.addAll(java.util.Arrays.asList(more));
        return world.server.call(name, what, sql, parameters.toArray()).get(0);
    }

    /** The handler writes into the ledger, in the transaction that completes its task. When the outcome is unknown the task is handed back. */
    private List<Row> book(long worker, Attempt attempt) {
        Task task = attempt.task();
        unfinished.remove(attempt);
        try {
            List<Row> committed = world.server.transaction(
                    name, "book" + words(task), () -> write(worker, attempt, world.server.session()));
            if (committed.isEmpty()) {
                put(attempt, Kind.FAIL);
                return List.of();
            }
            answered.add(task);
            world.evidence.acted(attempt);
            world.evidence.sent(task, true);
            world.evidence.told(task, true, false);
            return committed;
        } catch (Unanswered e) {
            world.evidence.acted(attempt);
            put(attempt, Kind.RELEASE);
            return List.of();
        }
    }

    private static List<Row> write(long worker, Attempt attempt, Session session) {
        Task task = attempt.task();
        Object[] place = {task.run(), task.step(), task.item(), task.fence()};
        if (!session.row("select pgflow.open_transaction(?, ?::smallint, ?, ?) as held", place)
                .truth("held")) {
            return List.of();
        }
        session.rows("insert into ledger values (?, ?, ?, ?) returning fence", place);
        Row answer = session.row(
                "select * from pgflow.complete_in_transaction(?, ?, ?::smallint, ?, ?, ?::jsonb)",
                worker,
                task.run(),
                task.step(),
                task.item(),
                task.fence(),
                attempt.output());
        return answer.list("stale", Integer.class).isEmpty() ? List.of(answer) : List.of();
    }

    /** The handler asks for a token until it has one, gives it away and returns. */
    private List<Row> handOver(Attempt attempt) {
        Task task = attempt.task();
        Object[] arrays = Task.arrays(List.of(task));
        String token = world.server
                .call(
                        name,
                        "token" + words(task),
                        "select (pgflow.issue_tokens(?, ?, ?, ?, array['40 seconds'::interval], array[null::interval]))[1] as token",
                        arrays)
                .get(0)
                .text("token");
        unfinished.remove(attempt);
        if (token == null) {
            answered.add(task);
        } else {
            world.outside.give(token, task, attempt.output());
            put(attempt, Kind.DEFER);
        }
        return List.of();
    }
}
