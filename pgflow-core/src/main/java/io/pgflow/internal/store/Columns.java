package io.pgflow.internal.store;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jooq.JSONB;
import org.jooq.types.YearToSecond;
import org.jspecify.annotations.Nullable;

/** Between lists of records in Java and parallel arrays in SQL. */
final class Columns {

    private static final Pattern RANGE = Pattern.compile("\\[(\\d+),(\\d+)\\)");

    private Columns() {}

    static <R, T> T[] of(List<R> rows, Function<R, ? extends @Nullable T> column, IntFunction<T[]> array) {
        return rows.stream().map(column).toArray(array);
    }

    static UUID[] runIds(List<TaskId> tasks) {
        return of(tasks, TaskId::runId, UUID[]::new);
    }

    static Short[] steps(List<TaskId> tasks) {
        return of(tasks, TaskId::step, Short[]::new);
    }

    static Integer[] items(List<TaskId> tasks) {
        return of(tasks, TaskId::item, Integer[]::new);
    }

    static Integer[] fences(List<TaskId> tasks) {
        return of(tasks, TaskId::fence, Integer[]::new);
    }

    static List<TaskId> tasks(List<? extends Report> reports) {
        return reports.stream().map(Report::task).toList();
    }

    /** SQL counts from 1. */
    static Set<Integer> positions(Integer @Nullable [] fromOne) {
        return fromOne == null
                ? Set.of()
                : Arrays.stream(fromOne).map(n -> n - 1).collect(Collectors.toUnmodifiableSet());
    }

    static <T> List<T> list(T @Nullable [] array) {
        return array == null ? List.of() : List.of(array);
    }

    static <T> Set<T> set(T @Nullable [] array) {
        return Set.copyOf(list(array));
    }

    static boolean isTrue(@Nullable Boolean value) {
        return Boolean.TRUE.equals(value);
    }

    static @Nullable String text(@Nullable JSONB json) {
        return json == null ? null : json.data();
    }

    static @Nullable JSONB json(@Nullable String text) {
        return text == null ? null : JSONB.valueOf(text);
    }

    static @Nullable YearToSecond interval(Optional<Duration> duration) {
        return duration.map(YearToSecond::valueOf).orElse(null);
    }

    /** What is overdue is due now. */
    static Optional<Duration> duration(@Nullable YearToSecond interval) {
        return Optional.ofNullable(interval)
                .map(YearToSecond::toDuration)
                .map(duration -> duration.isNegative() ? Duration.ZERO : duration);
    }

    /** The text form of a multirange, for which jOOQ has no type. */
    static String multirange(List<IdRange> ranges) {
        return ranges.stream()
                .map(range -> "[" + range.first() + "," + range.last() + "]")
                .collect(Collectors.joining(",", "{", "}"));
    }

    /** The server writes ranges with the end left out. */
    static List<IdRange> ranges(String multirange) {
        return RANGE.matcher(multirange)
                .results()
                .map(found -> new IdRange(Long.parseLong(found.group(1)), Long.parseLong(found.group(2)) - 1))
                .toList();
    }
}
