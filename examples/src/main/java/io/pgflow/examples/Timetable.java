package io.pgflow.examples;

import io.pgflow.Pgflow;
import io.pgflow.audit.AuditNote;
import io.pgflow.dsl.FlowBuilder;
import io.pgflow.schedule.CatchUp;
import io.pgflow.schedule.Overlap;
import io.pgflow.schedule.ScheduleOptions;
import io.pgflow.schedule.Schedules;
import io.pgflow.schedule.Tick;
import io.pgflow.schedule.Timing;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Runs that start by themselves: a report each second, as long as this program runs, and one each night. */
public final class Timetable {

    static final StepKey<String> MAKE = StepKey.of("make", String.class);

    private Timetable() {}

    public static void main(String[] args) throws Exception {
        var three = new CountDownLatch(3);
        Workflow<Tick, String> report = FlowBuilder.workflow("report", Tick.class)
                .step(MAKE, in -> {
                    System.out.println("report of " + in.input().schedule());
                    three.countDown();
                    return "report of " + in.input().at();
                })
                .returns(MAKE);

        try (var database = ExampleDatabase.start();
                var pgflow = Pgflow.on(database.dataSource()).with(report).start()) {
            // region define
            Schedules schedules = pgflow.executor().schedules();
            schedules.define("heartbeat", report, Timing.every(Duration.ofSeconds(1)), ScheduleOptions.none());
            schedules.define(
                    "nightly",
                    report,
                    Timing.cron("30 2 * * MON-FRI", ZoneId.of("Europe/Berlin")),
                    ScheduleOptions.none().catchUp(CatchUp.all(3)).overlap(Overlap.SKIP));
            // endregion
            if (!three.await(1, TimeUnit.MINUTES)) {
                throw new IllegalStateException("the reports do not come");
            }
            // region operate
            schedules.pause("heartbeat", AuditNote.by("ada", "that will do"));
            schedules.trigger("nightly", AuditNote.by("ada", "the numbers were corrected"));
            int filledIn = schedules.backfill(
                    "nightly",
                    Instant.parse("2025-03-24T00:00:00Z"),
                    Instant.parse("2025-03-29T00:00:00Z"),
                    AuditNote.by("ada", "the week before we began"));
            // endregion
            System.out.println("nights filled in: " + filledIn);
            schedules
                    .list()
                    .forEach(schedule -> System.out.println(schedule.name()
                            + (schedule.paused()
                                    ? " is paused"
                                    : " ticks next at " + schedules.next(schedule.name(), 1))));
            schedules
                    .history("heartbeat")
                    .forEach(entry -> System.out.println(
                            entry.what() + entry.reason().map(why -> ": " + why).orElse("")));
        }
    }
}
