package io.pgflow.event;

import io.pgflow.internal.store.EventPage;
import io.pgflow.internal.store.EventPosition;
import io.pgflow.internal.store.IdRange;
import java.util.ArrayList;
import java.util.List;

/**
 * How far has a reader come? A value to keep and to go on from, also in another process: {@code toString} and {@link #parse}.
 *
 * <p>It counts entries of the audit, each of which tells of one event or two. An entry becomes visible when its transaction
 * commits, which may be after higher ones did. So a cursor is more than a number: it also holds the entries below it that were
 * not there (gaps), each with the number of the transaction from which on it is certain that they never will be. Entries of
 * transactions that were rolled back are such gaps.
 */
public record EventCursor(long position, List<Gap> gaps) {

    /** Entries that were not there, and the first transaction that had not begun when they were looked for. */
    public record Gap(long first, long last, long settledBy) {}

    private static final EventCursor START = new EventCursor(0, List.of());

    public EventCursor {
        gaps = List.copyOf(gaps);
    }

    /** Before the first event that the database still has. */
    public static EventCursor start() {
        return START;
    }

    static EventCursor of(EventPosition position) {
        return new EventCursor(
                position.lastEntry(),
                position.gaps().stream()
                        .map(gap -> new Gap(gap.first(), gap.last(), position.nextTransaction()))
                        .toList());
    }

    /** The cursor behind a page that was read with this one. */
    EventCursor after(EventPage page) {
        var open = new ArrayList<Gap>();
        for (Gap gap : gaps) {
            if (gap.settledBy() > page.oldestRunning()) {
                addMissing(open, gap, page);
            }
        }
        long last = page.events().isEmpty()
                ? position
                : Math.max(position, page.events().get(page.events().size() - 1).entry());
        addMissing(open, new Gap(position + 1, last, page.nextTransaction()), page);
        return new EventCursor(last, open);
    }

    List<IdRange> gapRanges() {
        return gaps.stream().map(gap -> new IdRange(gap.first(), gap.last())).toList();
    }

    /** What is left of a range of entries after those of the page were found in it. */
    private static void addMissing(List<Gap> open, Gap range, EventPage page) {
        long expected = range.first();
        for (var event : page.events()) {
            long entry = event.entry();
            if (entry >= range.first() && entry <= range.last()) {
                if (entry > expected) {
                    open.add(new Gap(expected, entry - 1, range.settledBy()));
                }
                expected = entry + 1;
            }
        }
        if (expected <= range.last()) {
            open.add(new Gap(expected, range.last(), range.settledBy()));
        }
    }

    /**
     * Reads what {@link #toString} wrote.
     *
     * @throws IllegalArgumentException when it is no cursor
     */
    public static EventCursor parse(String text) {
        try {
            String[] parts = text.split(";", -1);
            var gaps = new ArrayList<Gap>();
            for (int i = 1; i < parts.length; i++) {
                String[] numbers = parts[i].split("[-@]", -1);
                gaps.add(new Gap(Long.parseLong(numbers[0]), Long.parseLong(numbers[1]), Long.parseLong(numbers[2])));
            }
            return new EventCursor(Long.parseLong(parts[0]), gaps);
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
            throw new IllegalArgumentException(
                    "'" + text + "' is no event cursor; use what a cursor's toString gave", e);
        }
    }

    @Override
    public String toString() {
        var text = new StringBuilder().append(position);
        gaps.forEach(gap -> text.append(';')
                .append(gap.first())
                .append('-')
                .append(gap.last())
                .append('@')
                .append(gap.settledBy()));
        return text.toString();
    }
}
