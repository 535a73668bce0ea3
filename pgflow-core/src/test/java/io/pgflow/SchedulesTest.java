package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgflow.audit.AuditNote;
import io.pgflow.schedule.CatchUp;
import io.pgflow.schedule.Overlap;
import io.pgflow.schedule.ScheduleEntry;
import io.pgflow.schedule.ScheduleOptions;
import io.pgflow.schedule.ScheduleRefusedException;
import io.pgflow.schedule.ScheduleSnapshot;
import io.pgflow.schedule.Schedules;
import io.pgflow.schedule.Tick;
import io.pgflow.schedule.Timing;
import io.pgflow.state.Priority;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.testing.MovableClock;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Runs that start by themselves. Processes that run no tasks advance schedules, too, so most tests have no handlers. */
class SchedulesTest {

    private static final Timing HOURLY = Timing.cron("0 * * * *", ZoneOffset.UTC);
    private static final String STARTED =
            "select labels ->> 'tick' from pgflow.runs where labels ->> 'tick' is not null order by 1";

    @RegisterExtension
    final Engines engines = new Engines();

    private final Workflow<Tick, String> report = Flow.oneStep(
            "report", Tick.class, String.class, in -> "\"" + in.runInput().replace("\"", "'") + "\"");

    private final MovableClock clock = new MovableClock();

    @Test
    void each_tick_starts_one_run_whatever_number_of_processes_there_is() {
        Schedules schedules = ticking().executor().schedules();
        ticking();
        ticking();
        schedules.define("hourly", report, HOURLY, ScheduleOptions.none().catchUp(CatchUp.all(100)));
        awaitNextTick(schedules, "hourly");

        for (int hours = 1; hours <= 8; hours++) {
            int expected = hours;
            clock.passes(Duration.ofHours(1));
            await().atMost(PATIENCE).until(() -> engines.sql(STARTED).size() >= expected);
        }

        List<Instant> ticks = engines.sql(STARTED).stream().map(Instant::parse).toList();
        assertThat(ticks).hasSize(8).doesNotHaveDuplicates();
        assertThat(Duration.between(ticks.get(0), ticks.get(7))).isEqualTo(Duration.ofHours(7));
    }

    @Test
    void a_period_ticks_on_the_second() {
        Schedules schedules = ticking().executor().schedules();
        ticking();
        schedules.define("often", report, Timing.every(Duration.ofSeconds(1)), ScheduleOptions.none());

        await().atMost(PATIENCE).until(() -> engines.sql(STARTED).size() >= 3);
        schedules.pause("often", AuditNote.by("ada", "enough"));

        List<Instant> ticks = engines.sql(STARTED).stream().map(Instant::parse).toList();
        for (int i = 1; i < ticks.size(); i++) {
            assertThat(ticks.get(i)).isEqualTo(ticks.get(0).plusSeconds(i));
        }
    }

    @Test
    void ticks_that_were_missed_start_one_run_together_and_the_history_says_so() {
        Schedules schedules = ticking().executor().schedules();
        schedules.define("hourly", report, HOURLY, ScheduleOptions.none());
        awaitNextTick(schedules, "hourly");

        clock.passes(Duration.ofHours(5));
        await().atMost(PATIENCE).until(() -> !engines.sql(STARTED).isEmpty());

        assertThat(engines.sql(STARTED)).hasSize(1);
        assertThat(schedules.history("hourly"))
                .extracting(ScheduleEntry::what)
                .containsExactly(ScheduleEntry.What.MISSED, ScheduleEntry.What.DEFINED);
    }

    @Test
    void a_workflow_that_takes_a_tick_is_told_when_it_was() throws Exception {
        Pgflow pgflow = engines.start(report);
        Schedules schedules = pgflow.executor().schedules();
        schedules.define("hourly", report, HOURLY, ScheduleOptions.none());

        UUID run = schedules.trigger("hourly", AuditNote.by("ada", "to see"));

        assertThat(pgflow.executor().attach(report, run).await(PATIENCE))
                .startsWith("{'at': '20")
                .endsWith("Z', 'schedule': 'hourly'}");
    }

    @Test
    void a_schedule_can_be_looked_at_paused_resumed_and_deleted() {
        Workflow<Object, Object> any = Flow.oneStep("any", Object.class, Object.class, in -> in.runInput());
        Schedules schedules = engines.start().executor().schedules();
        Timing nightly = Timing.cron("30 2 * * MON-FRI", ZoneId.of("Europe/Berlin"));
        ScheduleOptions options = ScheduleOptions.none()
                .overlap(Overlap.SKIP)
                .catchUp(CatchUp.all(7))
                .label("tenant", "a")
                .priority(Priority.HIGH)
                .deadline(Duration.ofHours(1));

        assertThat(schedules.define("nightly", any, List.of(1, 2), nightly, options.note(AuditNote.by("ada", "new"))))
                .isTrue();
        assertThat(schedules.define(
                        "nightly", any, List.of(1, 2), nightly, options.note(AuditNote.by("bob", "two of them"))))
                .isFalse();
        awaitNextTick(schedules, "nightly");

        ScheduleSnapshot found = schedules.find("nightly").orElseThrow();
        assertThat(found.timing()).isEqualTo(nightly);
        assertThat(found.options()).isEqualTo(options);
        assertThat(found.inputJson()).contains("[1, 2]");
        assertThat(found.nextTick()).contains(schedules.next("nightly", 3).get(0));
        assertThat(schedules.list()).containsExactly(found);
        assertThat(schedules.pause("nightly", AuditNote.by("ada", "holidays"))).isTrue();
        assertThat(schedules.pause("nightly", AuditNote.by("ada", "holidays"))).isFalse();
        assertThat(schedules.find("nightly").orElseThrow().paused()).isTrue();
        assertThat(schedules.resume("nightly", AuditNote.by("bob", "back"))).isTrue();
        schedules.delete("nightly", AuditNote.by("ada", "not needed"));

        assertThat(schedules.find("nightly")).isEmpty();
        assertThat(schedules.history("nightly"))
                .extracting(entry -> entry.what() + " " + entry.actor().orElse("?") + " "
                        + entry.reason().orElse("?"))
                .containsExactly(
                        "DELETED ada not needed", "RESUMED bob back", "PAUSED ada holidays", "DEFINED ada new");
    }

    @Test
    void ticks_of_the_past_are_filled_in_once() {
        Schedules schedules = engines.start().executor().schedules();
        schedules.define("hourly", report, HOURLY, ScheduleOptions.none());
        Instant from = Instant.parse("2025-01-01T00:00:00Z");

        assertThat(schedules.backfill("hourly", from, from.plusSeconds(3 * 3600), AuditNote.by("ada", "new")))
                .isEqualTo(3);
        assertThat(schedules.backfill("hourly", from, from.plusSeconds(4 * 3600), AuditNote.by("ada", "more")))
                .isEqualTo(1);

        assertThat(engines.sql(STARTED).subList(0, 4))
                .containsExactly(
                        "2025-01-01T00:00:00Z", "2025-01-01T01:00:00Z", "2025-01-01T02:00:00Z", "2025-01-01T03:00:00Z");
        assertThatThrownBy(() -> schedules.backfill(
                        "hourly", Instant.parse("2020-01-01T00:00:00Z"), from, AuditNote.by("ada", "all")))
                .isInstanceOf(ScheduleRefusedException.class)
                .hasMessageContaining(ScheduleRefusedException.TOO_MANY_TICKS);
    }

    @Test
    void what_cannot_be_is_refused_with_a_code() {
        Schedules schedules = engines.start().executor().schedules();

        assertThatThrownBy(() -> Timing.cron("0 25 * * *", ZoneOffset.UTC))
                .isInstanceOf(ScheduleRefusedException.class)
                .hasMessageContaining(ScheduleRefusedException.BAD_TIMING)
                .hasMessageContaining("the hour, \"25\"");
        assertThatThrownBy(() -> Timing.every(Duration.ofMillis(10))).hasMessageContaining("PGF-RUN-042");
        assertThatThrownBy(() -> schedules.define("Hourly", report, HOURLY, ScheduleOptions.none()))
                .hasMessageContaining("PGF-RUN-043");
        assertThatThrownBy(() -> CatchUp.all(1001)).hasMessageContaining("PGF-RUN-043");
        assertThatThrownBy(() -> schedules.pause("hourly", AuditNote.by("ada", "x")))
                .hasMessageContaining("PGF-RUN-044");
        assertThatThrownBy(() -> schedules.trigger("hourly", AuditNote.by("ada", "x")))
                .hasMessageContaining("PGF-RUN-044");
        assertThatThrownBy(() -> schedules.next("hourly", 1)).hasMessageContaining("PGF-RUN-044");
    }

    @Test
    void a_schedule_that_sql_stored_and_nobody_can_compute_is_paused_and_says_why() {
        Pgflow pgflow = engines.start(report);
        engines.sql(
                "select pgflow.define_schedule('odd', '{\"workflow\": \"report\", \"cron\": \"0 99 * * *\", \"timeZone\": \"UTC\"}', 'ada', null)");
        Schedules schedules = pgflow.executor().schedules();

        await().atMost(PATIENCE).until(() -> schedules.find("odd").orElseThrow().paused());

        assertThat(schedules.history("odd").get(0).what()).isEqualTo(ScheduleEntry.What.REFUSED);
        assertThat(schedules.history("odd").get(0).detailJson().orElseThrow()).contains("the hour");
    }

    /** A process that runs no tasks, and whose clock of the database is ahead. */
    private Pgflow ticking() {
        return engines.closeLater(Pgflow.on(clock.over(engines.pool()))
                .settings(Engines.settings().build())
                .start());
    }

    private static void awaitNextTick(Schedules schedules, String name) {
        await().atMost(PATIENCE)
                .until(() -> schedules.find(name).orElseThrow().nextTick().isPresent()
                        && schedules
                                .find(name)
                                .orElseThrow()
                                .nextTick()
                                .get()
                                .equals(schedules.next(name, 1).get(0)));
    }
}
