package io.pgflow.sql.spec;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** Follows the events as the comment of {@code event_page} says: it keeps the entries it missed until they come or can no longer come. */
final class EventReader {
    private final Session session;
    private final int limit;
    private final NavigableMap<Long, Long> gaps = new TreeMap<>();
    private final Map<String, Integer> lastSeq = new HashMap<>();
    private final List<Long> ids = new ArrayList<>();
    private final List<String> seen = new ArrayList<>();
    private final List<String> outOfOrder = new ArrayList<>();
    private long after;

    EventReader(Session session, int limit) {
        this.session = session;
        this.limit = limit;
    }

    static EventReader fromNow(Session session, int limit) {
        EventReader reader = new EventReader(session, limit);
        Row position = session.row("select last_entry, next_transaction from pgflow.event_position()");
        reader.after = position.number("last_entry");
        session.rows(
                        "select g.id from (select unnest(gaps) r from pgflow.event_position()) p, generate_series(lower(p.r), upper(p.r) - 1) g (id)")
                .forEach(row -> reader.gaps.put(row.number("id"), position.number("next_transaction")));
        return reader;
    }

    void readAll() {
        int before;
        do {
            before = ids.size();
            read();
        } while (ids.size() > before);
    }

    /** One page. */
    void read() {
        Long[] missing = gaps.keySet().toArray(Long[]::new);
        List<Row> page = session.rows(
                "select * from pgflow.event_page(?, (select coalesce(range_agg(int8range(g, g + 1)), '{}') from unnest(?::bigint[]) g), ?)",
                after,
                java.util.Arrays.toString(missing).replace('[', '{').replace(']', '}'),
                limit);
        long oldestRunning = page.get(0).number("oldest_running");
        long nextTransaction = page.get(0).number("next_transaction");
        List<Long> settled = new ArrayList<>();
        gaps.forEach((id, bound) -> {
            if (bound <= oldestRunning) {
                settled.add(id);
            }
        });
        for (Row event : page.subList(1, page.size())) {
            long entry = event.number("entry");
            if (entry > after) {
                for (long missed = after + 1; missed < entry; missed++) {
                    gaps.put(missed, nextTransaction);
                }
                after = entry;
            }
            gaps.remove(entry);
            see(event.number("event_id"), event);
        }
        settled.forEach(gaps::remove);
    }

    private void see(long id, Row event) {
        ids.add(id);
        seen.add(String.valueOf(event.text("event")));
        String subject = event.text("run_id") + " " + event.text("step") + " " + event.text("item");
        int seq = event.integer("seq");
        if (lastSeq.getOrDefault(subject, 0) != seq - 1) {
            outOfOrder.add(subject + " " + seq);
        }
        if (event.text("step") != null && !lastSeq.containsKey(event.text("run_id") + " null 0")) {
            outOfOrder.add(subject + " before its run");
        }
        lastSeq.put(subject, seq);
    }

    int gaps() {
        return gaps.size();
    }

    List<Long> ids() {
        return ids;
    }

    List<String> seen() {
        return seen;
    }

    List<String> outOfOrder() {
        return outOfOrder;
    }
}
