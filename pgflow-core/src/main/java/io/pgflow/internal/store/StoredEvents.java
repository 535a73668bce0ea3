package io.pgflow.internal.store;

import static io.pgflow.internal.store.Columns.text;
import static org.jooq.Records.mapping;

import io.pgflow.internal.store.schema.tables.RunEvents;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import org.jooq.Field;
import org.jooq.JSONB;
import org.jooq.Record;
import org.jooq.Result;
import org.jooq.impl.DSL;
import org.jspecify.annotations.Nullable;

/** What happened. */
final class StoredEvents {

    private final Calls calls;

    StoredEvents(Calls calls) {
        this.calls = calls;
    }

    List<EventRow> of(UUID runId) {
        RunEvents t = RunEvents.RUN_EVENTS.call(runId);
        return calls.repeatable(
                "read the events of a run",
                db -> db.select(
                                t.EVENT_ID,
                                t.EVENT,
                                t.RUN_ID,
                                t.WORKFLOW,
                                t.VERSION,
                                t.STEP,
                                t.ITEM,
                                t.SEQ,
                                t.GENERATION,
                                t.ATTEMPT,
                                t.FENCE,
                                t.FROM_STATE,
                                t.TO_STATE,
                                t.AT,
                                t.WORKER_ID,
                                t.ACTOR,
                                t.DETAIL)
                        .from(t)
                        .fetch(mapping(StoredEvents::eventRow)));
    }

    private static EventRow eventRow(
            long eventId,
            String event,
            UUID runId,
            String workflow,
            int version,
            @Nullable String step,
            int item,
            int seq,
            short generation,
            short attempt,
            int fence,
            @Nullable String fromState,
            String toState,
            OffsetDateTime at,
            @Nullable Long workerId,
            @Nullable String actor,
            @Nullable JSONB detail) {
        return new EventRow(
                eventId,
                event,
                runId,
                workflow,
                version,
                step,
                item,
                seq,
                generation,
                attempt,
                fence,
                fromState,
                toState,
                at,
                workerId,
                actor,
                text(detail));
    }

    EventPosition position() {
        var function = new io.pgflow.internal.store.schema.routines.EventPosition();
        calls.repeatable("read where the events stand", db -> function.execute(db.configuration()));
        return new EventPosition(
                function.getLastEntry(), Columns.ranges(function.getGaps()), function.getNextTransaction());
    }

    /** The first row of the answer has the transaction numbers and no event. */
    EventPage page(long after, List<IdRange> gaps, int limit) {
        Field<String> multirange =
                DSL.field("{0}::pg_catalog.int8multirange", String.class, DSL.val(Columns.multirange(gaps)));
        var t = io.pgflow.internal.store.schema.tables.EventPage.EVENT_PAGE.call(
                DSL.val(after), multirange, DSL.val(limit));
        Result<Record> rows =
                calls.call("read the next events", db -> db.selectFrom(t).fetch());
        List<EventRow> events = rows.stream()
                .skip(1)
                .map(row -> eventRow(
                        row.get(t.EVENT_ID),
                        row.get(t.EVENT),
                        row.get(t.RUN_ID),
                        row.get(t.WORKFLOW),
                        row.get(t.VERSION),
                        row.get(t.STEP),
                        row.get(t.ITEM),
                        row.get(t.SEQ),
                        row.get(t.GENERATION),
                        row.get(t.ATTEMPT),
                        row.get(t.FENCE),
                        row.get(t.FROM_STATE),
                        row.get(t.TO_STATE),
                        row.get(t.AT),
                        row.get(t.WORKER_ID),
                        row.get(t.ACTOR),
                        row.get(t.DETAIL)))
                .toList();
        Record numbers = rows.get(0);
        return new EventPage(events, numbers.get(t.OLDEST_RUNNING), numbers.get(t.NEXT_TRANSACTION));
    }
}
