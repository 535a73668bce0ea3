package io.pgflow.examples.folder;

import io.pgflow.event.Event;
import io.pgflow.event.EventType;
import io.pgflow.workflow.WorkflowDefinition;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import tools.jackson.databind.ObjectMapper;

/** A line that lives: how many tasks of each step are done, of how many that are known. Fed by events alone. */
final class Progress {

    private static final Duration REDRAW = Duration.ofMillis(100);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Map<String, Count> steps = new LinkedHashMap<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    /** A terminal gets one line drawn over and over; a log file gets few lines (on JDK 22 and newer it counts as a terminal). */
    @SuppressWarnings("SystemConsoleNull")
    private final boolean terminal = System.console() != null;

    private long drawnAt = System.nanoTime();

    private static final class Count {
        private final boolean ofItems;
        private int known;
        private int done;

        /** A map step has a task of its own too, which ends with its last item; its items are what counts. */
        private Count(boolean ofItems) {
            this.ofItems = ofItems;
        }

        private void on(Event event) {
            if (event.itemIndex().isPresent() != ofItems) {
                return;
            }
            if (event.from().isEmpty()) {
                known++;
            } else if (event.type() == EventType.TASK_COMPLETED) {
                done++;
            }
        }
    }

    Progress(WorkflowDefinition workflow) {
        workflow.steps().forEach(step -> steps.put(step.name(), new Count(step.isMap())));
    }

    /** The subscriber; called by one thread. */
    void on(Event event) {
        event.step().map(steps::get).ifPresent(count -> count.on(event));
        if (event.type() == EventType.TASK_RETRYING && !StepTimings.isHandedBack(event)) {
            System.out.println((terminal ? "\r\033[K" : "") + "  " + taskOf(event) + " failed at attempt "
                    + event.attempt() + " and will be tried again: " + reason(event));
        }
        boolean last = event.type().endsWorkflow();
        long now = System.nanoTime();
        if (last || now - drawnAt > REDRAW.multipliedBy(terminal ? 1 : 10).toNanos()) {
            draw(last);
            drawnAt = now;
        }
        if (last) {
            ended.countDown();
        }
    }

    /** Until the line has shown the end of the run; the stream may be a moment behind it. */
    void awaitEnd(UUID runId) throws InterruptedException {
        if (!ended.await(10, TimeUnit.SECONDS)) {
            throw new IllegalStateException("the events of run " + runId + " did not arrive");
        }
    }

    private void draw(boolean last) {
        String line = steps.entrySet().stream()
                .map(step -> step.getKey() + " " + step.getValue().done + "/" + step.getValue().known)
                .collect(Collectors.joining("  "));
        System.out.print((terminal ? "\r\033[K  " : "  ") + line + (terminal && !last ? "" : "\n"));
        System.out.flush();
    }

    private static String taskOf(Event event) {
        return event.step().orElse("")
                + (event.itemIndex().isPresent() ? "[" + event.itemIndex().getAsInt() + "]" : "");
    }

    private static String reason(Event event) {
        return JSON.readTree(event.detail().orElse("{}")).at("/error/message").asString("unknown");
    }
}
