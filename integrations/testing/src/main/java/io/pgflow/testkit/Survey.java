package io.pgflow.testkit;

import java.math.BigDecimal;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is there to do at this moment? Whoever finds room at the gate of limited steps is let in first, since room shows only there.
 *
 * @param due whether something can be done now: timers, deadlines, schedules, steps to settle, tasks to claim
 * @param running how many tasks a worker holds that was not killed
 * @param lastEntry of the audit, which grows with all that happens
 * @param nextDueIn how long until the next timer, deadline or tick, until a rate has room for somebody who waits, or until a worker that was killed counts as
 *     lost, when there is one
 */
record Survey(boolean due, long running, long lastEntry, Optional<Duration> nextDueIn) {

    private static final String QUESTION = """
            select u.timers or u.deadlines or u.schedules or u.workers or u.unsettled or u.work_waits
                       or (u.alive is distinct from true and asked.worker_id is not null)
                       or gate.admitted > 0 or gate.left_over,
                   (select count(*) from pgflow.tasks t where t.worker_id is not null and t.worker_id <> all (asked.killed)),
                   (select coalesce(max(a.entry), 0) from pgflow.audit a),
                   extract(epoch from least(u.next_due_in, gate.next_due_in, lost.in_time)) * 1000000
            from (select ?::bigint as worker_id, ?::bigint[] as killed) asked
            cross join lateral (
                select min(w.heartbeat_at + w.expires_after - pgflow.clock()) + interval '1 microsecond' as in_time
                from pgflow.workers w
                where w.worker_id = any (asked.killed) and w.ended_at is null) lost
            cross join lateral pgflow.admit_tasks() gate
            cross join lateral pgflow.upkeep_due(asked.worker_id) u
            """;

    /** Asks the database. */
    static Survey of(Questions questions, Instant now, Optional<Long> workerId, List<Long> killed) {
        return questions
                .ask(now, Survey::row, QUESTION, workerId.orElse(null), killed.toArray(Long[]::new))
                .get(0);
    }

    boolean busy() {
        return due || running > 0;
    }

    private static Survey row(ResultSet row) throws SQLException {
        @Nullable BigDecimal micros = row.getBigDecimal(4);
        Optional<Duration> next =
                Optional.ofNullable(micros).map(BigDecimal::longValue).map(Survey::ofMicros);
        return new Survey(row.getBoolean(1), row.getLong(2), row.getLong(3), next);
    }

    private static Duration ofMicros(long micros) {
        return Duration.of(Math.max(0, micros), ChronoUnit.MICROS);
    }
}
