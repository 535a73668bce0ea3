package io.pgflow.examples;

import io.pgflow.Pgflow;
import io.pgflow.dsl.FlowBuilder;
import io.pgflow.progress.Told;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.time.Duration;

/** A step that tells how far it is, and gives its output word by word while it makes it. */
public final class Streaming {

    static final StepKey<String> WRITE = StepKey.of("write", String.class);

    // region told
    static final Workflow<String, String> POEM = FlowBuilder.workflow("poem", String.class)
            .step(WRITE, in -> {
                String[] words = in.input().split(" ");
                for (int i = 0; i < words.length; i++) {
                    in.task().emit(words[i]);
                    in.task().report((i + 1.0) / words.length, "word " + (i + 1) + " of " + words.length);
                }
                return String.join(" ", words);
            })
            .returns(WRITE);
    // endregion

    private Streaming() {}

    public static void main(String[] args) throws Exception {
        try (var database = ExampleDatabase.start();
                var pgflow = Pgflow.on(database.dataSource()).with(POEM).start()) {
            var run = pgflow.executor().start(POEM, "a rose is a rose");
            run.await(Duration.ofMinutes(1));
            // region heard
            for (Told told : pgflow.executor().progress().read(run.id(), 0, 100)) {
                if (told instanceof Told.Chunk chunk) {
                    System.out.println("part of " + told.by().step() + ": " + chunk.json());
                } else if (told instanceof Told.Report report) {
                    System.out.println(Math.round(report.fraction() * 100) + " %: " + report.message());
                }
            }
            // endregion
        }
    }
}
