package io.pgflow.sql.simulation;

import io.pgflow.sql.spec.Row;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/** Upkeep of one process: asks what is due when it expects something, and once in a poll interval, and does it call by call. */
final class SimulatedUpkeep extends Caller {
    private enum Chore {
        TIMERS("select * from pgflow.fire_timers(1000)"),
        DEADLINES("select * from pgflow.fire_deadlines(100)"),
        SCHEDULES(""),
        WORKERS("select * from pgflow.expire_workers(1000)"),
        UNSETTLED("select * from pgflow.settle_steps(100)"),
        GATED("select * from pgflow.admit_tasks()");

        private final String sql;

        Chore(String sql) {
            this.sql = sql;
        }
    }

    private static final long SOONEST = 100;

    private final Consumer<String> ear = this::hear;
    private final Deque<Chore> chores = new ArrayDeque<>();
    private long askAt;

    SimulatedUpkeep(World world, String name) {
        super(world, name);
        this.askAt = world.now();
        world.listen(ear);
    }

    void crash() {
        world.leave(ear);
    }

    private void hear(String woken) {
        if (woken.equals("$gate")) {
            owesAdmitting();
        }
    }

    @Override
    public long nextAt() {
        return owes() || !chores.isEmpty() ? world.now() : askAt;
    }

    @Override
    public void turn() {
        try {
            if (!chores.isEmpty()) {
                perform(chores.remove());
            } else if (owes()) {
                followUp();
            } else {
                ask();
            }
        } catch (Unanswered e) { // a round that broke off is begun anew
            chores.clear();
            askAt = world.now() + world.poll;
        }
    }

    private void ask() {
        Row due = call("due?", "select * from pgflow.upkeep_due()").get(0);
        for (Chore chore : Chore.values()) {
            if (due.truth(chore.name().toLowerCase(java.util.Locale.ROOT))) {
                chores.add(chore);
            }
        }
        askAt = world.now() + world.poll + world.random.nextLong(world.poll / 4);
        expect(due);
    }

    private void expect(Row answer) {
        Object next = answer.columns().get("next_due_in");
        if (next instanceof org.postgresql.util.PGInterval interval) {
            long millis = Math.round(interval.getDays() * 86_400_000.0
                    + interval.getHours() * 3_600_000.0
                    + interval.getMinutes() * 60_000.0
                    + interval.getSeconds() * 1000);
            askAt = Math.min(askAt, world.now() + Math.max(SOONEST, millis));
        }
    }

    private void perform(Chore chore) {
        if (chore == Chore.SCHEDULES) {
            tick();
            return;
        }
        Row answer =
                call(chore.name().toLowerCase(java.util.Locale.ROOT), chore.sql).get(0);
        if (answer.has("left_over") && answer.truth("left_over")) {
            chores.addFirst(chore);
        }
        if (chore == Chore.WORKERS) {
            world.evidence.lost(answer.list("lost_workers", Long.class));
        }
        follow(answer);
        expect(answer);
    }

    private void tick() {
        List<Row> due = call("due schedules", "select * from pgflow.due_schedules(100)");
        for (Row schedule : due) {
            advance(schedule);
        }
    }

    /** Schedules of the simulation have a period, and start the newest tick that was missed. */
    private void advance(Row schedule) {
        Instant first = instant(schedule, "first_at");
        Instant asked = instant(schedule, "asked_at");
        Duration every = Duration.ofSeconds(schedule.number("every_seconds"));
        List<String> ticks = new ArrayList<>();
        Instant tick = first;
        for (; !tick.isAfter(asked); tick = tick.plus(every)) {
            if (tick.isAfter(instant(schedule, "decided_until"))) {
                ticks.clear();
                ticks.add(tick.toString());
            }
        }
        long id = schedule.number("schedule_id");
        Row answer = call(
                        "advance " + schedule.text("name"),
                        "select * from pgflow.advance_schedules(array[?::bigint], array[?::timestamptz], array[?::timestamptz],"
                                + " array[?::timestamptz], array[null::timestamptz], array_fill(?::bigint, array[?]), ?::timestamptz[])",
                        id,
                        instant(schedule, "decided_until").toString(),
                        asked.toString(),
                        tick.toString(),
                        id,
                        ticks.size(),
                        ticks.toArray(String[]::new))
                .get(0);
        follow(answer);
    }

    private static Instant instant(Row row, String column) {
        return ((Timestamp) java.util.Objects.requireNonNull(row.value(column))).toInstant();
    }
}
