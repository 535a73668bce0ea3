package io.pgflow.internal.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** When cron expressions tick. In Berlin the clock is put forward on 2027-03-28 at 01:00 UTC, and back on 2027-10-31 at 01:00 UTC. */
class CronTicksTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "*/20 * * * *      | UTC | 2027-01-01T00:00:00Z | 2027-01-01T00:20Z 2027-01-01T00:40Z 2027-01-01T01:00Z",
                "5-10/5 0 * * *    | UTC | 2027-01-01T00:00:00Z | 2027-01-01T00:05Z 2027-01-01T00:10Z 2027-01-02T00:05Z",
                "30 2 * * *        | UTC | 2027-01-01T02:30:00Z | 2027-01-02T02:30Z",
                "30 2 * * *        | UTC | 2027-01-01T02:29:59.999Z | 2027-01-01T02:30Z",
                "30 2 * * *        | UTC | 2027-01-01T02:30:00.001Z | 2027-01-02T02:30Z",
                "0 9 * * MON-FRI   | UTC | 2027-01-01T09:00:00Z | 2027-01-04T09:00Z 2027-01-05T09:00Z",
                "0 9 * * mon       | UTC | 2027-01-01T09:00:00Z | 2027-01-04T09:00Z 2027-01-11T09:00Z",
                "0 9 * * 0         | UTC | 2027-01-01T09:00:00Z | 2027-01-03T09:00Z",
                "0 9 * * 7         | UTC | 2027-01-01T09:00:00Z | 2027-01-03T09:00Z",
                "0 0 1 JAN,JUL *   | UTC | 2027-01-01T00:00:00Z | 2027-07-01T00:00Z 2028-01-01T00:00Z",
                "0 0 31 * *        | UTC | 2027-03-31T00:00:00Z | 2027-05-31T00:00Z 2027-07-31T00:00Z",
                "0 0 29 2 *        | UTC | 2027-01-01T00:00:00Z | 2028-02-29T00:00Z 2032-02-29T00:00Z",
                "0 12 1 * 1        | UTC | 2027-02-25T00:00:00Z | 2027-03-01T12:00Z 2027-03-08T12:00Z",
                "0 12 * * *        | Asia/Kolkata | 2027-01-01T00:00:00Z | 2027-01-01T06:30Z 2027-01-02T06:30Z",
            })
    void an_expression_ticks_at_the_times_that_it_names(String cron, String zone, Instant after, String expected) {
        assertTicks(cron, zone, after, expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "30 2 * * *   | Europe/Berlin | 2027-03-27T00:00:00Z | 2027-03-27T01:30Z 2027-03-28T01:00Z 2027-03-29T00:30Z",
                "0,30 2 * * * | Europe/Berlin | 2027-03-27T12:00:00Z | 2027-03-28T01:00Z 2027-03-29T00:00Z 2027-03-29T00:30Z",
                "0 3 * * *    | Europe/Berlin | 2027-03-27T12:00:00Z | 2027-03-28T01:00Z 2027-03-29T01:00Z",
                "30 2,3 * * * | Europe/Berlin | 2027-03-27T12:00:00Z | 2027-03-28T01:00Z 2027-03-28T01:30Z 2027-03-29T00:30Z",
                "30 2 * * *   | America/New_York | 2027-03-13T12:00:00Z | 2027-03-14T07:00Z 2027-03-15T06:30Z",
                "15 2 * * *   | Australia/Lord_Howe | 2027-10-02T00:00:00Z | 2027-10-02T15:30Z 2027-10-03T15:15Z",
            })
    void a_time_that_is_left_out_ticks_when_the_clock_is_put_forward(
            String cron, String zone, Instant after, String expected) {
        assertTicks(cron, zone, after, expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "30 2 * * *   | Europe/Berlin | 2027-10-30T00:00:00Z | 2027-10-30T00:30Z 2027-10-31T00:30Z 2027-11-01T01:30Z",
                "30 2 * * *   | Europe/Berlin | 2027-10-31T01:10:00Z | 2027-11-01T01:30Z",
                "*/20 2 * * * | Europe/Berlin | 2027-10-31T00:30:00Z | 2027-10-31T00:40Z 2027-11-01T01:00Z",
                "0 3 * * *    | Europe/Berlin | 2027-10-30T12:00:00Z | 2027-10-31T02:00Z 2027-11-01T02:00Z",
                "30 1 * * *   | America/New_York | 2027-11-06T12:00:00Z | 2027-11-07T05:30Z 2027-11-08T06:30Z",
                "45 1 * * *   | Australia/Lord_Howe | 2027-04-03T00:00:00Z | 2027-04-03T14:45Z 2027-04-04T15:15Z",
            })
    void a_time_that_comes_twice_ticks_the_first_time(String cron, String zone, Instant after, String expected) {
        assertTicks(cron, zone, after, expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "*/30 * * * *  | Europe/Berlin | 2027-03-28T00:00:00Z | 2027-03-28T00:30Z 2027-03-28T01:00Z 2027-03-28T01:30Z",
                "*/30 * * * *  | Europe/Berlin | 2027-10-31T00:00:00Z | 2027-10-31T00:30Z 2027-10-31T01:00Z 2027-10-31T01:30Z",
                "0 * * * *     | Europe/Berlin | 2027-10-30T23:30:00Z | 2027-10-31T00:00Z 2027-10-31T01:00Z 2027-10-31T02:00Z",
                "10 * * * *    | Australia/Lord_Howe | 2027-04-03T14:00:00Z | 2027-04-03T14:10Z 2027-04-03T15:40Z",
            })
    void an_expression_for_every_hour_goes_by_the_time_that_passes(
            String cron, String zone, Instant after, String expected) {
        assertTicks(cron, zone, after, expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"*/7 * * * *", "*/13 1-4 * * *", "0 0 * * *", "59 1,2,3 * * *", "30 */2 * * *"})
    void ticks_go_forward_through_a_year_and_none_comes_twice(String cron) {
        TickTimes times = TickTimes.cron(cron, "Europe/Berlin");
        Instant end = Instant.parse("2027-11-02T00:00:00Z");
        Instant tick = Instant.parse("2027-10-29T00:00:00Z");
        while (tick.isBefore(end)) {
            Instant next = times.after(tick).orElseThrow();
            assertThat(next).isAfter(tick);
            assertThat(times.after(next.minusMillis(1))).contains(next);
            tick = next;
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "61 * * * *    | the minute, \"61\"",
                "*/0 * * * *   | the minute, \"*/0\"",
                "* 24 * * *    | the hour, \"24\"",
                "* 22-3 * * *  | the hour, \"22-3\"",
                "* * 32 * *    | the day of month, \"32\"",
                "* * L * *     | the day of month, \"L\"",
                "* * * 13 *    | the month, \"13\"",
                "* * * MAI *   | the month, \"MAI\"",
                "* * * * 8     | the day of week, \"8\"",
                "* * * * 1#2   | the day of week, \"1#2\"",
                "* * * *       | has 4 fields",
                "0 0 1 1 * 27  | has 6 fields",
                "@daily        | has 1 fields",
                "0 0 31 2 *    | names a day that no month has",
                "0 0 30 2 *    | names a day that no month has",
            })
    void a_malformed_expression_is_refused_with_the_field_that_is_wrong(String cron, String problem) {
        assertThatThrownBy(() -> TickTimes.cron(cron, "UTC"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(problem);
    }

    @Test
    void an_expression_that_is_too_long_and_a_zone_that_does_not_exist_are_refused() {
        assertThatThrownBy(() -> TickTimes.cron("1" + ",1".repeat(100) + " * * * *", "UTC"))
                .hasMessageContaining("200 characters");
        assertThatThrownBy(() -> TickTimes.cron("* * * * *", "Europe/Berlinn")).hasMessageContaining("Europe/Berlinn");
    }

    @Test
    void a_period_ticks_from_its_first_tick_on_whatever_clocks_do() {
        Instant first = Instant.parse("2027-03-28T00:00:10Z");
        TickTimes times = TickTimes.every(first, Duration.ofMinutes(45));

        assertThat(times.between(first.minusSeconds(100), first.plusSeconds(6000), 10))
                .containsExactly(first, first.plusSeconds(2700), first.plusSeconds(5400));
        assertThat(times.after(first.plusSeconds(2699).plusNanos(999))).contains(first.plusSeconds(2700));
        assertThatThrownBy(() -> TickTimes.every(first, Duration.ofMillis(1500)))
                .hasMessageContaining("whole seconds");
        assertThatThrownBy(() -> TickTimes.every(first, Duration.ofDays(367))).hasMessageContaining("366 days");
    }

    @Test
    void the_newest_ticks_of_a_long_time_are_found_without_computing_all() {
        TickTimes minutes = TickTimes.cron("* * * * *", "UTC");
        Instant to = Instant.parse("2027-01-01T00:00:00Z");

        assertThat(minutes.newest(Instant.EPOCH, to, 2)).containsExactly(to.minusSeconds(60), to);
        assertThat(minutes.newest(to.minusSeconds(90), to, 5)).containsExactly(to.minusSeconds(60), to);
        assertThat(TickTimes.cron("0 0 29 2 *", "UTC").newest(Instant.EPOCH, to, 1))
                .containsExactly(Instant.parse("2024-02-29T00:00:00Z"));
    }

    private static void assertTicks(String cron, String zone, Instant after, String expected) {
        List<Instant> ticks = Arrays.stream(expected.split(" "))
                .map(text -> Instant.parse(text.replace("Z", ":00Z")))
                .toList();

        assertThat(TickTimes.cron(cron, zone).between(after, Instant.MAX, ticks.size()))
                .containsExactlyElementsOf(ticks);
    }
}
