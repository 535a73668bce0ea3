package io.pgflow.benchmarks.contender;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The work as flows of pgflow's SQL.
 *
 * @param steps each after those that it names
 */
record PgflowSqlFlow(String slug, List<Step> steps) {

    /** The step of a map whose output is an array. */
    static final String ELEMENTS = "elements";

    /** @param type {@code single} or {@code map} */
    record Step(String slug, String type, List<String> after) {}

    static PgflowSqlFlow of(Work work) {
        return switch (work) {
            case ONE_STEP -> new PgflowSqlFlow("one_step", List.of(single("step")));
            case CHAIN -> new PgflowSqlFlow("chain", chain());
            case DIAMOND -> new PgflowSqlFlow("diamond", diamond());
            case MAP ->
                new PgflowSqlFlow(
                        "map",
                        List.of(
                                single(ELEMENTS),
                                new Step("items", "map", List.of(ELEMENTS)),
                                single("last", "items")));
        };
    }

    private static List<Step> chain() {
        return IntStream.rangeClosed(1, Work.CHAIN.steps())
                .mapToObj(i -> i == 1 ? single("step_1") : single("step_" + i, "step_" + (i - 1)))
                .toList();
    }

    private static List<Step> diamond() {
        List<String> branches = IntStream.rangeClosed(1, Work.DIAMOND.steps() - 2)
                .mapToObj(i -> "branch_" + i)
                .toList();
        return Stream.of(
                        Stream.of(single("first")),
                        branches.stream().map(branch -> single(branch, "first")),
                        Stream.of(new Step("last", "single", branches)))
                .flatMap(steps -> steps)
                .toList();
    }

    private static Step single(String slug, String... after) {
        return new Step(slug, "single", List.of(after));
    }

    /** Both functions of pgflow do nothing for what is there. */
    void define(Connection connection) throws SQLException {
        try (PreparedStatement flow = connection.prepareStatement("select pgflow.create_flow(?)");
                PreparedStatement step = connection.prepareStatement(
                        "select pgflow.add_step(flow_slug => ?, step_slug => ?, deps_slugs => ?, step_type => ?)")) {
            flow.setString(1, slug);
            flow.execute();
            for (Step each : steps) {
                step.setString(1, slug);
                step.setString(2, each.slug());
                step.setArray(3, connection.createArrayOf("text", each.after().toArray()));
                step.setString(4, each.type());
                step.execute();
            }
        }
    }
}
