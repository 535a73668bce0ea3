package io.pgflow.benchmarks;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A page in Markdown whose figures are written by the command, never by hand: what stands between a mark and its end is replaced.
 * {@code <!-- table: FILE WORKLOAD -->}, {@code <!-- chart: NAME -->}, {@code <!-- machine: FILE -->} and
 * {@code <!-- capacity: FILE -->}, each up to {@code <!-- end -->}; FILE is a kept file without {@code .json}.
 *
 * @param kept results by the names of their files
 * @param charts titles of the charts that were drawn, by the names of their files
 */
record Page(Map<String, Results> kept, Map<String, String> charts) {

    static final String NOTHING = "Not measured yet.";

    private static final Pattern MARK = Pattern.compile(
            "<!-- (table|chart|machine|capacity): ([a-z0-9-]+) ?([a-z0-9-]*) -->\n.*?<!-- end -->", Pattern.DOTALL);

    /** The page with today's figures; where a file or a workload is missing it says so. */
    String filled(String page) {
        return MARK.matcher(page).replaceAll(found -> {
            String mark = found.group().substring(0, found.group().indexOf('\n'));
            String content = content(found.group(1), found.group(2), found.group(3));
            return Matcher.quoteReplacement(mark + "\n" + content + "\n<!-- end -->");
        });
    }

    private String content(String what, String name, String workload) {
        if (what.equals("chart")) {
            return Optional.ofNullable(charts.get(name))
                    .map(title -> "![" + title + "](performance/" + name + ".svg)")
                    .orElse(NOTHING);
        }
        Results results = kept.get(name);
        if (results == null) {
            return NOTHING;
        }
        return switch (what) {
            case "table" ->
                results.results().stream()
                        .filter(result -> result.workload().name().equals(workload))
                        .findFirst()
                        .map(result ->
                                table(result, List.copyOf(results.contenders().keySet())))
                        .orElse(NOTHING);
            case "machine" -> machine(results);
            default -> Capacity.table(results);
        };
    }

    /** A line for each variant and metric, a column for each contender. */
    static String table(Result result, List<String> contenders) {
        var table = new Table(result, contenders);
        var text = new StringBuilder("| " + result.workload().name() + " |");
        table.contenders()
                .forEach(contender -> text.append(' ').append(contender).append(" |"));
        text.append("\n|---|").append("---:|".repeat(table.contenders().size()));
        table.lines().forEach((label, cells) -> {
            text.append("\n| ").append(label).append(" |");
            cells.forEach(cell -> text.append(' ').append(cell).append(" |"));
        });
        return text.toString();
    }

    private static String machine(Results results) {
        var text = new StringBuilder("| | |\n|---|---|");
        results.machine().forEach((name, value) -> row(text, name, value));
        results.server().forEach((name, value) -> row(text, "PostgreSQL, " + name, value));
        results.options().forEach((name, value) -> row(text, name, value));
        results.contenders().forEach((name, value) -> row(text, name, value));
        row(text, "command", "`" + results.command() + "`");
        return text.toString();
    }

    private static void row(StringBuilder text, String name, String value) {
        text.append("\n| ").append(name).append(" | ").append(value).append(" |");
    }
}
