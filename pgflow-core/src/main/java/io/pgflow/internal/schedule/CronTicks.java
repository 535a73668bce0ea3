package io.pgflow.internal.schedule;

import com.cronutils.model.CronType;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Ticks of a cron expression in a time zone.
 *
 * <p>The library is asked for times on the wall only, in a zone without summer time. What a wall clock does when it is put forward or back
 * is decided here: an expression that names hours ticks once for each time that it names. A time that is left out on the day comes
 * when the clock is put forward, one that comes twice counts the first time. An expression for every hour goes by the time that passes.
 */
final class CronTicks implements TickTimes {

    private static final List<String> FIELDS = List.of("minute", "hour", "day of month", "month", "day of week");
    private static final int LONGEST = 200;
    private static final CronParser PARSER = new CronParser(CronDefinitionBuilder.instanceDefinitionFor(CronType.UNIX));

    private final ExecutionTime onTheWall;
    private final ZoneRules rules;
    private final boolean everyHour;

    CronTicks(String expression, String zone) {
        this.onTheWall = parse(expression);
        this.rules = rules(zone);
        this.everyHour = expression.strip().split("\\s+")[1].startsWith("*");
        if (after(Instant.EPOCH).isEmpty()) {
            throw new IllegalArgumentException(
                    "\"" + expression + "\" names a day that no month has; correct the day of month or the month");
        }
    }

    @Override
    public Optional<Instant> after(Instant moment) {
        return everyHour ? afterByPassingTime(moment) : afterOnTheWall(moment);
    }

    /** Between two moves of the clock, a time on the wall is one moment. */
    private Optional<Instant> afterByPassingTime(Instant moment) {
        Instant from = moment;
        ZoneOffset offset = rules.getOffset(from);
        LocalDateTime wall = LocalDateTime.ofInstant(from, offset);
        ZoneOffsetTransition move = rules.nextTransition(from);
        while (true) {
            Optional<LocalDateTime> next = next(wall);
            if (next.isEmpty()) {
                return Optional.empty();
            }
            Instant tick = next.get().toInstant(offset);
            if (move == null || tick.isBefore(move.getInstant())) {
                return Optional.of(tick);
            }
            offset = move.getOffsetAfter();
            wall = move.getDateTimeAfter().minusSeconds(1);
            move = rules.nextTransition(move.getInstant());
        }
    }

    /** Later times on the wall are never earlier moments; those of an hour that comes twice are passed over the second time. */
    private Optional<Instant> afterOnTheWall(Instant moment) {
        Optional<LocalDateTime> wall = next(LocalDateTime.ofInstant(moment, rules.getOffset(moment)));
        while (wall.isPresent()) {
            Instant tick = momentOf(wall.get());
            if (tick.isAfter(moment)) {
                return Optional.of(tick);
            }
            wall = next(wall.get());
        }
        return Optional.empty();
    }

    private Instant momentOf(LocalDateTime wall) {
        ZoneOffsetTransition move = rules.getTransition(wall);
        return move != null && move.isGap()
                ? move.getInstant()
                : wall.toInstant(rules.getValidOffsets(wall).get(0));
    }

    private Optional<LocalDateTime> next(LocalDateTime wall) {
        return onTheWall
                .nextExecution(wall.truncatedTo(ChronoUnit.SECONDS).atZone(ZoneOffset.UTC))
                .map(ZonedDateTime::toLocalDateTime);
    }

    private static ZoneRules rules(String zone) {
        try {
            return ZoneId.of(zone).getRules();
        } catch (DateTimeException e) {
            throw new IllegalArgumentException(
                    "\"" + zone + "\" is no time zone that this JVM knows, such as Europe/Berlin or UTC", e);
        }
    }

    private static ExecutionTime parse(String expression) {
        if (expression.length() > LONGEST) {
            throw new IllegalArgumentException("the expression has more than " + LONGEST + " characters");
        }
        String[] fields = expression.strip().split("\\s+");
        if (fields.length != FIELDS.size()) {
            throw new IllegalArgumentException("\"" + expression + "\" has " + fields.length
                    + " fields, and a cron expression has five: " + String.join(", ", FIELDS));
        }
        for (int i = 0; i < fields.length; i++) {
            check(i, fields[i]);
        }
        return ExecutionTime.forCron(PARSER.parse(expression.toUpperCase(Locale.ROOT)));
    }

    /** Alone among fields that are fine, so that it is known which one is not. */
    private static void check(int index, String field) {
        String alone = "* ".repeat(index) + field + " *".repeat(FIELDS.size() - index - 1);
        try {
            PARSER.parse(alone.toUpperCase(Locale.ROOT)).validate();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "the " + FIELDS.get(index) + ", \"" + field + "\", is not valid: " + e.getMessage(), e);
        }
    }
}
