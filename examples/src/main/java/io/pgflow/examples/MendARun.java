package io.pgflow.examples;

import static io.pgflow.dsl.FlowBuilder.after;
import static io.pgflow.dsl.FlowBuilder.over;

import io.pgflow.Pgflow;
import io.pgflow.audit.AuditNote;
import io.pgflow.dsl.FlowBuilder;
import io.pgflow.executor.Run;
import io.pgflow.executor.RunEndedException;
import io.pgflow.operation.Operations;
import io.pgflow.operation.TaskName;
import io.pgflow.operation.WaitReason;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** A run fails in the middle of a map; a person asks why, mends the cause and lets it go on: only what had failed runs again. */
public final class MendARun {

    static final StepKey<List<String>> PARCELS = StepKey.listOf("parcels", String.class);
    static final StepKey<List<String>> LABELS = StepKey.listOf("labels", String.class);
    static final StepKey<String> LETTER = StepKey.of("letter", String.class);

    private final AtomicBoolean printerWorks = new AtomicBoolean();

    private final Workflow<String, String> shipping = FlowBuilder.workflow("shipping", String.class)
            .step(PARCELS, in -> List.of(in.input().split(",")))
            .map(LABELS, over(PARCELS).maxAttempts(1), this::print)
            .step(LETTER, after(LABELS), in -> "sent: " + in.output(LABELS))
            .returns(LETTER);

    private MendARun() {}

    public static void main(String[] args) throws Exception {
        new MendARun().run();
    }

    private void run() throws Exception {
        try (var database = ExampleDatabase.start();
                var pgflow = Pgflow.on(database.dataSource()).with(shipping).start()) {
            Run<String> run = pgflow.executor().start(shipping, "book,lamp,vase");
            try {
                run.await(Duration.ofMinutes(1));
            } catch (RunEndedException e) {
                System.out.println("the run failed");
            }

            Operations operations = pgflow.executor().operations();
            for (WaitReason reason : operations.whyNotRunning(TaskName.of(run.id(), "letter"))) {
                System.out.println("why is there no letter: " + reason.words());
            }

            printerWorks.set(true);
            System.out.println("retry: " + operations.retry(run.id(), AuditNote.by("ada", "the printer is mended")));
            System.out.println(run.await(Duration.ofMinutes(1)));
            pgflow.executor().events(run.id()).stream()
                    .filter(event -> event.actor().isPresent() && event.step().isEmpty())
                    .forEach(event -> System.out.println("generation " + event.generation() + " by "
                            + event.actor().orElseThrow()));
        }
    }

    private String print(String parcel) {
        if (parcel.equals("lamp") && !printerWorks.get()) {
            throw new IllegalStateException("no ink");
        }
        return "label of " + parcel;
    }
}
