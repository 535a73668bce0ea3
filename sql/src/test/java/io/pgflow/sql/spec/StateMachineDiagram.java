package io.pgflow.sql.spec;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** docs/state-machine.md, made from pgflow.transitions. */
final class StateMachineDiagram {
    static final String COMMAND =
            "mvn -q -pl sql -am test -Dtest=StateMachineDiagramTest -Dsurefire.failIfNoSpecifiedTests=false -Dpgflow.write-docs=true";

    private StateMachineDiagram() {}

    static String markdown(Session session) {
        List<Row> transitions = session.rows("select * from pgflow.transitions order by transition");
        return """
                # State machine

                Every move that a task or a run can make. The list is `pgflow.transitions` in the database (`V002__transitions.sql`); triggers
                refuse every other move, each move writes one event, and this page is generated from it:

                ```
                %s
                ```

                ## Tasks

                %s
                ## Runs

                %s""".formatted(COMMAND, section(transitions, "task"), section(transitions, "run"));
    }

    private static String section(List<Row> all, String subject) {
        List<Row> transitions =
                all.stream().filter(row -> subject.equals(row.text("subject"))).toList();
        StringBuilder text = new StringBuilder("```mermaid\nstateDiagram-v2\n");
        edges(transitions)
                .forEach((edge, names) -> text.append("    ")
                        .append(edge)
                        .append(": ")
                        .append(names)
                        .append('\n'));
        terminal(transitions).forEach(state -> text.append("    ").append(state).append(" --> [*]\n"));
        text.append("```\n\n| transition | from | to | event | when |\n|---|---|---|---|---|\n");
        for (Row row : transitions) {
            text.append("| %s | %s | %s | %s | %s |\n"
                    .formatted(
                            row.text("name"),
                            row.text("from_state") == null ? "" : row.text("from_state"),
                            row.text("to_state"),
                            row.text("event"),
                            row.text("cause")));
        }
        return text.toString();
    }

    /** Moves between the same two states share an arrow. */
    private static Map<String, String> edges(List<Row> transitions) {
        return transitions.stream()
                .collect(Collectors.toMap(
                        row -> (row.text("from_state") == null ? "[*]" : row.text("from_state")) + " --> "
                                + row.text("to_state"),
                        row -> String.valueOf(row.text("cause")),
                        (one, other) -> one.equals(other) ? one : one + " / " + other,
                        LinkedHashMap::new));
    }

    private static Set<String> terminal(List<Row> transitions) {
        Set<String> states = new TreeSet<>();
        transitions.forEach(row -> states.add(String.valueOf(row.text("to_state"))));
        transitions.forEach(row -> states.remove(String.valueOf(row.text("from_state"))));
        return states;
    }
}
