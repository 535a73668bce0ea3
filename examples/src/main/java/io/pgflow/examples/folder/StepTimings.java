package io.pgflow.examples.folder;

import io.pgflow.event.Event;
import io.pgflow.event.EventType;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.WorkflowDefinition;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where the time went, from the run's audit. Times are the database's; a task ends when its report is committed.
 *
 * @param tasks for a map step, of its items
 * @param retries after failures
 * @param fromFirstToLast from the first start to the last end
 * @param mean of an attempt, from its claim to its report
 */
record StepTimings(String step, int tasks, int retries, Duration fromFirstToLast, Duration mean, Duration longest) {

    static List<StepTimings> of(WorkflowDefinition workflow, List<Event> events) {
        return workflow.steps().stream().map(step -> of(step, events)).toList();
    }

    /** The worker had claimed the task ahead and could not begin soon, so it gave it back: nobody tried, and there is no error. */
    static boolean isHandedBack(Event event) {
        return event.type() == EventType.TASK_RETRYING && event.detail().isEmpty();
    }

    private static StepTimings of(StepDefinition step, List<Event> events) {
        Map<Integer, Instant> started = new HashMap<>();
        Instant first = Instant.MAX;
        Instant last = Instant.MIN;
        Duration total = Duration.ZERO;
        Duration longest = Duration.ZERO;
        int ended = 0;
        int retries = 0;
        for (Event event : events) {
            boolean ofThisStep = event.step().equals(Optional.of(step.name()))
                    && event.itemIndex().isPresent() == step.isMap();
            int item = event.itemIndex().orElse(-1);
            if (ofThisStep && event.type() == EventType.TASK_STARTED) {
                started.put(item, event.at());
            } else if (ofThisStep && isHandedBack(event)) {
                started.remove(item);
            } else if (ofThisStep && started.containsKey(item) && event.type() != EventType.TASK_SCHEDULED) {
                Instant begin = started.get(item);
                first = begin.isBefore(first) ? begin : first;
                Duration took = Duration.between(begin, event.at());
                total = total.plus(took);
                longest = took.compareTo(longest) > 0 ? took : longest;
                last = event.at().isAfter(last) ? event.at() : last;
                ended++;
                retries += event.type() == EventType.TASK_RETRYING ? 1 : 0;
            }
        }
        return ended == 0
                ? new StepTimings(step.name(), 0, 0, Duration.ZERO, Duration.ZERO, Duration.ZERO)
                : new StepTimings(
                        step.name(),
                        ended - retries,
                        retries,
                        Duration.between(first, last),
                        total.dividedBy(ended),
                        longest);
    }
}
