package io.pgflow.sql.spec;

import java.sql.SQLWarning;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.postgresql.util.PSQLWarning;
import org.postgresql.util.ServerErrorMessage;

/**
 * How the server executed one statement, a session's own or one inside of a function that it called: what auto_explain says of it.
 * What it must do is read the tables that grow through the first column of an index, whatever the sizes.
 *
 * @param place the function of the engine and the line in it, {@code _claim 3}; empty for a statement of the session
 * @param nodes in the order of {@code explain}
 */
record Plan(String place, List<Node> nodes) {
    private static final Pattern PLACE = Pattern.compile("PL/pgSQL function pgflow\\.(\\w+)\\(.*?\\) line (\\d+)");
    private static final Pattern NODE = Pattern.compile("( *)(?:->  )?([A-Z][^(]*?)  \\(cost=.*");
    private static final Pattern CONDITION = Pattern.compile(" *Index Cond: (.*)");
    private static final Pattern SCAN = Pattern.compile(".*Scan(?: using (\\w+))? on (\\w+).*");

    /** The tables that grow with work, and with definitions. */
    private static final Set<String> GROWING = Set.of("tasks", "runs", "audit", "claims", "steps");

    /** Their indexes, and what each must be asked for. */
    private static final Map<String, String> INDEXES = Map.of(
            "tasks_pkey", "run_id",
            "runs_pkey", "run_id",
            "audit_by_run", "run_id",
            "audit_pkey", "entry",
            "claims_pkey", "worker_id",
            "steps_pkey", "workflow_id",
            "steps_workflow_id_name_key", "workflow_id");

    /**
     * @param depth how far it is indented
     * @param name {@code Index Scan using tasks_pkey on tasks t}
     * @param condition that an index is asked for; empty when the whole of it is read
     */
    record Node(int depth, String name, String condition) {
        /** The index that it reads, or the table that it reads without one; empty when it reads neither. */
        String read() {
            Matcher scan = SCAN.matcher(name);
            if (!scan.matches() || name.startsWith("Bitmap Heap") || name.startsWith("Tid")) {
                return "";
            }
            return scan.group(1) == null ? scan.group(2) : scan.group(1);
        }

        boolean readsWhatGrows() {
            return GROWING.contains(read()) || INDEXES.containsKey(read());
        }

        boolean readsAll() {
            String column = INDEXES.getOrDefault(read(), "");
            return GROWING.contains(read()) || (readsWhatGrows() && !condition.matches("\\(+" + column + "\\b.*"));
        }

        boolean locksRows() {
            return name.startsWith("LockRows") || name.matches("(Update|Delete) on (tasks|runs)\\b.*");
        }

        /** A bitmap gives rows as they lie, whatever the order in which they were asked for. */
        boolean losesOrder() {
            return name.matches("Bitmap Heap Scan on (tasks|runs)\\b.*");
        }

        boolean joinsAll() {
            return name.matches("(Hash|Merge) .*Join");
        }
    }

    /**
     * Through which indexes it reads what grows: what must be the same at every size. A workflow has few steps, so whether one is
     * found among them by number or by name is all the same, and the planner takes now this and now that.
     */
    Set<String> ways() {
        Set<String> ways = new TreeSet<>();
        nodes.stream()
                .filter(Node::readsWhatGrows)
                .map(Node::read)
                .map(read -> read.startsWith("steps_") ? "the steps of a workflow" : read)
                .forEach(ways::add);
        return ways;
    }

    /** The nodes that take the longer, the more there is. */
    List<String> faults() {
        List<String> faults = new ArrayList<>();
        for (int i = 0; i < nodes.size(); i++) {
            Node node = nodes.get(i);
            if (node.readsAll() || (node.joinsAll() && below(i).anyMatch(Node::readsWhatGrows))) {
                faults.add(place + ": " + node.name + " " + node.condition);
            }
        }
        return faults;
    }

    /** The nodes that lock tasks or runs in another order than that of their keys: two transactions may do so in opposite directions. */
    List<String> disorders() {
        return IntStream.range(0, nodes.size())
                .filter(i -> nodes.get(i).locksRows() && below(i).anyMatch(Node::losesOrder))
                .mapToObj(i -> place + ": " + nodes.get(i).name)
                .toList();
    }

    private Stream<Node> below(int position) {
        return nodes.stream().skip(position + 1L).takeWhile(node -> node.depth > nodes.get(position).depth);
    }

    /** From now on the session's calls are answered with their plans too. */
    static void tell(Session session) {
        session.execute("load 'auto_explain'");
        session.execute("set auto_explain.log_min_duration = 0");
        session.execute("set auto_explain.log_nested_statements = on");
        session.execute("set auto_explain.log_level = notice");
    }

    /** Those of the calls since the last time. */
    static List<Plan> take(Session session) {
        List<Plan> plans = new ArrayList<>();
        for (SQLWarning notice : session.takeNotices()) {
            if (notice instanceof PSQLWarning told) {
                ServerErrorMessage message = Objects.requireNonNull(told.getServerErrorMessage());
                Matcher place = PLACE.matcher(String.valueOf(message.getWhere()));
                String where = place.find() ? place.group(1) + " " + place.group(2) : "";
                plans.add(new Plan(where, nodes(String.valueOf(message.getMessage()))));
            }
        }
        return plans;
    }

    private static List<Node> nodes(String text) {
        List<Node> nodes = new ArrayList<>();
        text.lines().forEach(line -> {
            Matcher node = NODE.matcher(line);
            Matcher condition = CONDITION.matcher(line);
            if (node.matches()) {
                nodes.add(new Node(node.group(1).length(), node.group(2), ""));
            } else if (condition.matches()) {
                Node last = nodes.remove(nodes.size() - 1);
                nodes.add(new Node(last.depth, last.name, condition.group(1)));
            }
        });
        return nodes;
    }
}
