package io.pgflow.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;

/** Runs as text for a terminal: a line for each task, with what it comes after, its state, its attempts and its error. */
final class RunPicture {

    private static final int LONGEST_ERROR = 300;
    private static final int MOST_RUNS = 5;

    private final Stage stage;

    RunPicture(Stage stage) {
        this.stage = stage;
    }

    /** The runs that have not ended, the newest first; at most five. */
    String ofUnfinished() {
        List<UUID> runs = stage.questions()
                .ask(
                        stage.clock().now(),
                        row -> row.getObject(1, UUID.class),
                        "select r.run_id from pgflow.runs r where r.ended_at is null order by r.run_id desc limit ?",
                        MOST_RUNS);
        return runs.isEmpty()
                ? "no run; something is due that cannot be done, or the engine does not look"
                : runs.stream().map(run -> of(stage.stand(run))).collect(Collectors.joining("\n"));
    }

    static String of(RunStand run) {
        List<String> places = run.tasks().stream().map(RunPicture::place).toList();
        int width = places.stream().mapToInt(String::length).max().orElse(0);
        var lines = new ArrayList<String>();
        lines.add("run " + run.runId() + " of " + run.workflow() + ", version " + run.version() + ": " + run.state()
                + run.error().map(error -> ": " + cut(error)).orElse(""));
        for (int i = 0; i < places.size(); i++) {
            String place = places.get(i);
            lines.add(("  " + place + " ".repeat(width - place.length()) + "  "
                            + stand(run.tasks().get(i)))
                    .stripTrailing());
        }
        return String.join("\n", lines);
    }

    private static String place(RunStand.Task task) {
        if (task.item() > 0) {
            return "  " + task.step() + "[" + (task.item() - 1) + "]";
        }
        return task.after().isEmpty() ? task.step() : task.step() + " <- " + String.join(", ", task.after());
    }

    private static String stand(RunStand.Task task) {
        var words = new ArrayList<String>();
        words.add("%-9s".formatted(task.state()));
        if (task.attempts() > 0) {
            words.add(task.attempts() == 1 ? "1 attempt" : task.attempts() + " attempts");
        }
        task.waitsFor().ifPresent(what -> words.add("waits for " + what));
        task.dueIn().ifPresent(time -> words.add("due in " + time));
        task.error().ifPresent(error -> words.add(cut(error)));
        return String.join("  ", words);
    }

    private static String cut(String error) {
        String line = error.replaceAll("\\s+", " ");
        return line.length() <= LONGEST_ERROR ? line : line.substring(0, LONGEST_ERROR) + "...";
    }
}
