package io.pgflow.chaos;

import io.pgflow.chaos.Attempts.Attempt;
import io.pgflow.chaos.Attempts.Task;
import io.pgflow.chaos.Effects.Said;
import io.pgflow.chaos.Fault.Kind;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.sql.DataSource;

/** What the tables, the ledger and the history say, and what of it breaks a promise. */
final class Evidence {

    /** Each succeeded booking once, and no other. */
    static final String LEDGER = """
            select coalesce(e.run_id, b.run_id) || ' ' || coalesce(e.name, b.step) || ': ' || coalesce(b.entries, 0)
                || ' entries, and the task has ' || coalesce(e.state, 'not succeeded')
            from (select t.run_id, s.name, 'succeeded' as state
                  from pgflow.tasks t
                  join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
                  where t.state = 'SUCCEEDED' and s.name like 'book%') e
            full join (select run_id, step, count(*) as entries from public.ledger group by run_id, step) b
                on b.run_id = e.run_id and b.step = e.name
            where e.run_id is null or b.entries is distinct from 1
            """;

    private static final String TASKS_OF_HANDLERS = """
            select t.run_id || ' ' || s.name || ' ' || t.item || ' ' || t.state || ' ' || r.state
            from pgflow.tasks t
            join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
            join pgflow.runs r on r.run_id = t.run_id
            where s.handler is not null and s.is_map = (t.item > 0)
            """;

    /** What was sent before may be carried out so much later, in milliseconds. */
    private static final long ON_ITS_WAY = 5_000;

    private Evidence() {}

    /** The lines of a query that gives texts. */
    static List<String> lines(DataSource dataSource, String query) throws SQLException {
        List<String> lines = new ArrayList<>();
        try (Connection connection = dataSource.getConnection();
                var statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            while (row.next()) {
                lines.add(row.getString(1));
            }
        }
        return lines;
    }

    /** What the tables say of the tasks that handlers run; of a map, of its items. */
    static Map<Task, Said> tasks(DataSource dataSource) throws SQLException {
        Map<Task, Said> tasks = new HashMap<>();
        lines(dataSource, TASKS_OF_HANDLERS).forEach(line -> {
            String[] parts = line.split(" ", -1);
            tasks.put(
                    new Task(UUID.fromString(parts[0]), parts[1], Integer.parseInt(parts[2])),
                    new Said(parts[3], parts[4]));
        });
        return tasks;
    }

    /** How many faults the attempts of a task met, by time and place. */
    static int faultsMet(Task task, Attempts attempts, List<Fault> faults) {
        Set<Fault> met = new HashSet<>();
        attempts.byTask().getOrDefault(task, List.of()).forEach(attempt -> met.addAll(met(attempt, faults)));
        return met.size();
    }

    static List<Fault> met(Attempt attempt, List<Fault> faults) {
        return faults.stream()
                .filter(fault -> fault.overlaps(attempt.worker(), attempt.from(), attempt.to()))
                .toList();
    }

    /** Workers that claimed although they were killed or stood still: the fault has not hit them, and the run shows less than it says. */
    static List<String> unharmed(Stream<Attempt> attempts, List<Fault> faults) {
        Map<String, List<Fault>> still = faults.stream()
                .filter(fault -> fault.kind() == Kind.KILL_WORKER || fault.kind() == Kind.SUSPEND_WORKER)
                .collect(Collectors.groupingBy(Fault::target));
        return attempts.flatMap(attempt -> still.getOrDefault(attempt.worker(), List.of()).stream()
                        .filter(fault -> fault.kind() == Kind.KILL_WORKER || attempt.from() < fault.to())
                        .filter(fault -> fault.from() + ON_ITS_WAY < attempt.from())
                        .map(fault -> attempt.worker() + " claims " + (attempt.from() - fault.from()) + " ms after "
                                + fault.kind()))
                .toList();
    }

    /** Runs that were acknowledged, and are not there or have not ended. */
    static List<String> lostRuns(Map<UUID, String> states, Set<UUID> acknowledged) {
        return acknowledged.stream()
                .filter(run -> !Set.of("SUCCEEDED", "FAILED", "CANCELLED").contains(states.getOrDefault(run, "absent")))
                .map(run -> "run " + run + " is " + states.getOrDefault(run, "absent"))
                .toList();
    }

    static Map<UUID, String> states(DataSource dataSource) throws SQLException {
        Map<UUID, String> states = new HashMap<>();
        lines(dataSource, "select run_id || ' ' || state from pgflow.runs").forEach(line -> {
            String[] parts = line.split(" ", -1);
            states.put(UUID.fromString(parts[0]), parts[1]);
        });
        return states;
    }

    /**
     * From a kill to the claim of each of its tasks by another worker, in milliseconds.
     *
     * @param undisturbed only those during which nothing else happened to the server, or to the link or process of any worker but by a kill
     */
    static List<Long> recoveries(Attempts attempts, List<Fault> faults, boolean undisturbed) {
        Map<String, Fault> kills = new HashMap<>();
        faults.stream()
                .filter(fault -> fault.kind() == Kind.KILL_WORKER)
                .forEach(kill -> kills.put(kill.target(), kill));
        List<Long> times = new ArrayList<>();
        attempts.byTask().values().forEach(ofTask -> {
            for (int i = 0; i + 1 < ofTask.size(); i++) {
                Fault kill = kills.get(ofTask.get(i).worker());
                long again = ofTask.get(i + 1).from();
                if (kill != null
                        && ofTask.get(i).end().equals("lose")
                        && ofTask.get(i).from() <= kill.from()
                        && kill.from() <= ofTask.get(i).to() // it may have been lost before, when it stood still
                        && !(undisturbed && isDisturbed(kill.from(), again, faults))) {
                    times.add(again - kill.from());
                }
            }
        });
        return times;
    }

    private static boolean isDisturbed(long from, long to, List<Fault> faults) {
        return faults.stream()
                .anyMatch(fault -> fault.kind() != Kind.KILL_WORKER
                        && fault.kind() != Kind.HOLD_TRANSACTION
                        && fault.from() <= to
                        && from <= fault.to());
    }

    /** From the server's return to the first completion by a process that had worked before it went, in milliseconds. */
    static List<Long> firstCompletions(Attempts attempts, List<Fault> faults) {
        Map<String, Long> firstClaims = new HashMap<>();
        attempts.all().forEach(attempt -> firstClaims.merge(attempt.worker(), attempt.from(), Math::min));
        List<Long> times = new ArrayList<>();
        for (Fault crash : faults) {
            if (crash.kind() == Kind.CRASH_SERVER) {
                attempts.all()
                        .filter(attempt -> attempt.end().equals("complete") && attempt.to() >= crash.to())
                        .filter(attempt -> firstClaims.get(attempt.worker()) < crash.from())
                        .mapToLong(attempt -> attempt.to() - crash.to())
                        .min()
                        .ifPresent(times::add);
            }
        }
        return times;
    }
}
