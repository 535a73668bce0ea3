package io.pgflow.internal.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.internal.store.DueSchedule;
import io.pgflow.internal.store.ScheduleTurn;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which ticks of a schedule start a run. */
class TurnsTest {

    @Test
    void what_was_defined_just_now_starts_nothing_and_looks_at_its_next_tick() {
        ScheduleTurn turn = turn("0 * * * *", "once", 1, "2027-01-01T10:30:00Z", "2027-01-01T10:30:00.2Z");

        assertThat(turn.ticks()).isEmpty();
        assertThat(turn.nextAt()).contains(Instant.parse("2027-01-01T11:00:00Z"));
        assertThat(turn.decidedUntil()).isEqualTo(Instant.parse("2027-01-01T10:30:00.2Z"));
        assertThat(turn.missedSince()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"skip", "once", "all"})
    void a_tick_that_has_just_come_starts_a_run_whatever_becomes_of_missed_ones(String catchUp) {
        ScheduleTurn turn = turn("0 * * * *", catchUp, 1, "2027-01-01T10:30:00Z", "2027-01-01T11:00:00.9Z");

        assertThat(turn.ticks()).containsExactly(Instant.parse("2027-01-01T11:00:00Z"));
        assertThat(turn.nextAt()).contains(Instant.parse("2027-01-01T12:00:00Z"));
        assertThat(turn.missedSince()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "none",
            value = {
                // nobody was there from 10:30 on; the ticks of 11, 12, 13 and 14 o'clock
                "skip, 1, none,                        2027-01-01T11:00:00Z",
                "once, 1, 2027-01-01T14:00:00Z,        2027-01-01T11:00:00Z",
                "all,  2, 2027-01-01T13:00:00Z 2027-01-01T14:00:00Z, 2027-01-01T11:00:00Z",
                "all,  4, 2027-01-01T11:00:00Z 2027-01-01T12:00:00Z 2027-01-01T13:00:00Z 2027-01-01T14:00:00Z, none",
            })
    void of_missed_ticks_as_many_start_a_run_as_the_schedule_says(
            String catchUp, int most, String ticks, String missedSince) {
        ScheduleTurn turn = turn("0 * * * *", catchUp, most, "2027-01-01T10:30:00Z", "2027-01-01T14:30:00Z");

        assertThat(turn.ticks()).isEqualTo(times(ticks));
        assertThat(turn.missedSince().stream().toList()).isEqualTo(times(missedSince));
        assertThat(turn.nextAt()).contains(Instant.parse("2027-01-01T15:00:00Z"));
    }

    @ParameterizedTest
    @CsvSource({
        "skip, 1, 2027-01-01T14:00:00Z",
        "once, 1, 2027-01-01T14:00:00Z",
        "all,  1, 2027-01-01T13:00:00Z 2027-01-01T14:00:00Z"
    })
    void a_tick_that_has_just_come_counts_as_the_one_that_catches_up(String catchUp, int most, String ticks) {
        ScheduleTurn turn = turn("0 * * * *", catchUp, most, "2027-01-01T10:30:00Z", "2027-01-01T14:00:30Z");

        assertThat(turn.ticks()).isEqualTo(times(ticks));
        assertThat(turn.missedSince()).contains(Instant.parse("2027-01-01T11:00:00Z"));
    }

    @Test
    void a_schedule_by_the_second_starts_a_run_for_each_second_that_passed_between_two_looks() {
        DueSchedule due = new DueSchedule(
                1,
                "often",
                null,
                "",
                1,
                time("2027-01-01T00:00:01Z"),
                "once",
                1,
                time("2027-01-01T10:00:00Z"),
                time("2027-01-01T10:00:02.5Z"));

        assertThat(Turns.of(due).ticks()).containsExactly(time("2027-01-01T10:00:01Z"), time("2027-01-01T10:00:02Z"));
    }

    @Test
    void a_year_of_missed_minutes_is_caught_up_with_in_no_time() {
        ScheduleTurn turn = turn("* * * * *", "all", 3, "2026-01-01T00:00:00Z", "2027-01-01T00:01:30Z");

        assertThat(turn.ticks())
                .containsExactly(
                        time("2026-12-31T23:58:00Z"),
                        time("2026-12-31T23:59:00Z"),
                        time("2027-01-01T00:00:00Z"),
                        time("2027-01-01T00:01:00Z"));
    }

    private static ScheduleTurn turn(String cron, String catchUp, int most, String decidedUntil, String now) {
        return Turns.of(
                new DueSchedule(1, "s", cron, "UTC", 0, Instant.EPOCH, catchUp, most, time(decidedUntil), time(now)));
    }

    private static Instant time(String text) {
        return Instant.parse(text);
    }

    private static List<Instant> times(String text) {
        return text == null
                ? List.of()
                : List.of(text.split(" ")).stream().map(Instant::parse).toList();
    }
}
