package io.pgflow.schedule;

import io.pgflow.DatabaseException;
import io.pgflow.PgflowSettings;
import io.pgflow.audit.AuditNote;
import io.pgflow.internal.arch.ModulePrivate;
import io.pgflow.internal.json.Json;
import io.pgflow.internal.schedule.TickTimes;
import io.pgflow.internal.schedule.Turns;
import io.pgflow.internal.store.RunIds;
import io.pgflow.internal.store.RunStore;
import io.pgflow.internal.store.ScheduleRow;
import io.pgflow.internal.store.ScheduleStore;
import io.pgflow.internal.store.Started;
import io.pgflow.internal.upkeep.Consequences;
import io.pgflow.workflow.Limits;
import io.pgflow.workflow.Workflow;
import java.lang.reflect.Type;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Defines schedules, and pauses, resumes, triggers and deletes them. All methods may be called from any thread, in any process, also one that
 * runs no tasks.
 *
 * <p>Define schedules when the application starts, in every process: the same definition again changes nothing. Every method throws
 * {@link DatabaseException} when the database cannot be asked, and {@link ScheduleRefusedException} when what is asked cannot be. All but
 * {@link #delete} keep trying for the setting {@code callDeadline} first; what was done by a try whose answer was lost is not done again, and
 * then counts as done before.
 */
public final class Schedules {

    private static final int MOST_ENTRIES = 1000;
    /** A call of a backfill, whose runs start in one transaction. */
    private static final int LARGEST_CALL = 1000;

    private final PgflowSettings settings;
    private final ScheduleStore store;
    private final RunStore runs;
    private final Consequences consequences;

    /** For {@code Pgflow}. */
    @ModulePrivate
    @SuppressWarnings("exports")
    public Schedules(PgflowSettings settings, ScheduleStore store, RunStore runs, Consequences consequences) {
        this.settings = settings;
        this.store = store;
        this.runs = runs;
        this.consequences = consequences;
    }

    /**
     * Starts a run with this input at each tick from now on, of the newest version of the workflow at that time.
     *
     * @param name {@code ^[a-z][a-z0-9_]{0,39}$}; a schedule of that name is changed, and ticks as said here from now on
     * @return whether it is new or was changed
     */
    public <I> boolean define(String name, Workflow<I, ?> workflow, I input, Timing timing, ScheduleOptions options) {
        return define(name, workflow, input, workflow.inputType(), timing, options);
    }

    /** Starts a run whose input is the tick, at each tick from now on; see {@link #define(String, Workflow, Object, Timing, ScheduleOptions)}. */
    public boolean define(String name, Workflow<Tick, ?> workflow, Timing timing, ScheduleOptions options) {
        return define(name, workflow, null, null, timing, options);
    }

    /** Starts no runs from now on; ticks until it is resumed start nothing, also later. Returns whether it was done: false when it is paused. */
    public boolean pause(String name, AuditNote note) {
        return was("paused", name, store.pause(name, note.actor(), note.reason()));
    }

    /** Ticks again from now on. Returns whether it was done: false when it is not paused. */
    public boolean resume(String name, AuditNote note) {
        return was("resumed", name, store.resume(name, note.actor(), note.reason()));
    }

    /** Ends it; its runs and its history stay. */
    public void delete(String name, AuditNote note) {
        was("deleted", name, store.delete(name, note.actor(), note.reason()));
    }

    /** Starts a run of it now, whether or not it is paused or its last run has ended. Returns the run's id. */
    public UUID trigger(String name, AuditNote note) {
        UUID runId = RunIds.next();
        Started started = refusing(() -> store.trigger(name, runId, note.actor(), note.reason()))
                .orElseThrow(() -> ScheduleRefusedException.unknown(name));
        consequences.follow(started);
        return runId;
    }

    /**
     * Starts the runs of ticks of the past that have none: from {@code from} on, before {@code to} and not later than now. Ticks that have a run
     * keep it, so that asking again does no harm. The runs start in calls of 1,000, each a transaction of its own.
     *
     * @return how many runs it started
     * @throws ScheduleRefusedException {@code PGF-RUN-045} for more than 10,000 ticks
     */
    public int backfill(String name, Instant from, Instant to, AuditNote note) {
        ScheduleRow row = row(name);
        Instant until = to.isAfter(row.due().askedAt()) ? row.due().askedAt() : to.minusNanos(1);
        List<Instant> ticks = times(row).between(from.minusNanos(1), until, Timing.MOST_TICKS + 1);
        if (ticks.size() > Timing.MOST_TICKS) {
            throw ScheduleRefusedException.tooManyTicks(Timing.MOST_TICKS);
        }
        int count = 0;
        for (int first = 0; first < ticks.size(); first += LARGEST_CALL) {
            List<Instant> part = ticks.subList(first, Math.min(ticks.size(), first + LARGEST_CALL));
            Started started = refusing(() -> store.backfill(name, part, note.actor(), note.reason()))
                    .orElseThrow(() -> ScheduleRefusedException.unknown(name));
            consequences.follow(started);
            count += (int) started.created().stream().filter(created -> created).count();
        }
        return count;
    }

    /** All schedules, by name. */
    public List<ScheduleSnapshot> list() {
        return store.list(Optional.empty()).stream().map(ScheduleRows::snapshot).toList();
    }

    /** The schedule, as it stands now. */
    public Optional<ScheduleSnapshot> find(String name) {
        return store.list(Optional.of(name)).stream()
                .map(ScheduleRows::snapshot)
                .findFirst();
    }

    /** When it would tick from now on, paused or not: so many ticks, at most 10,000. */
    public List<Instant> next(String name, int count) {
        ScheduleRow row = row(name);
        return List.copyOf(times(row).between(row.due().askedAt(), Instant.MAX, Math.min(count, Timing.MOST_TICKS)));
    }

    /** What happened to it, newest first, at most 1,000 entries; a deleted one has a history, too. */
    public List<ScheduleEntry> history(String name) {
        return store.entries(name, Optional.empty(), MOST_ENTRIES).stream()
                .map(ScheduleRows::entry)
                .toList();
    }

    private boolean define(
            String name,
            Workflow<?, ?> workflow,
            @Nullable Object input,
            @Nullable Type inputType,
            Timing timing,
            ScheduleOptions options) {
        if (!Limits.isName(name)) {
            throw ScheduleRefusedException.badOptions("\"" + name
                    + "\" is no name: a name is a small letter, then up to 39 small letters, digits and underscores");
        }
        Optional<String> json = Optional.empty();
        if (inputType != null) {
            String place = "the input of schedule \"" + name + "\"";
            String written = Json.write(input, inputType, place);
            Json.check(written, place, settings.maxPayloadBytes());
            json = Optional.of(written);
        }
        var unused = timing.next(Instant.EPOCH, 1); // or it is refused
        runs.define(workflow.toJson());
        String definition = ScheduleRows.definition(workflow.name(), json, timing, options);
        return refusing(() -> store.define(
                name,
                definition,
                options.note().map(AuditNote::actor).orElse(null),
                options.note().map(AuditNote::reason).orElse(null)));
    }

    private ScheduleRow row(String name) {
        return store.list(Optional.of(name)).stream()
                .findFirst()
                .orElseThrow(() -> ScheduleRefusedException.unknown(name));
    }

    private static TickTimes times(ScheduleRow row) {
        try {
            return Turns.times(row.due());
        } catch (IllegalArgumentException e) {
            throw ScheduleRefusedException.badTiming(String.valueOf(e.getMessage()));
        }
    }

    private static boolean was(String done, String name, String answer) {
        if (answer.equals("unknown")) {
            throw ScheduleRefusedException.unknown(name);
        }
        return answer.equals(done);
    }

    private static <T> T refusing(Supplier<T> call) {
        try {
            return call.get();
        } catch (DatabaseException e) {
            throw e.isTransient() ? e : ScheduleRefusedException.refused(e);
        }
    }
}
