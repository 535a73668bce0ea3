package io.pgflow.operation;

import io.pgflow.PgflowSettings;
import io.pgflow.audit.AuditNote;
import io.pgflow.internal.arch.ModulePrivate;
import io.pgflow.internal.json.Json;
import io.pgflow.internal.store.FlowStore;
import io.pgflow.internal.store.MoveRow;
import io.pgflow.internal.store.Operated;
import io.pgflow.internal.store.OperationStore;
import io.pgflow.internal.store.RunIds;
import io.pgflow.internal.store.SurveyStore;
import io.pgflow.internal.upkeep.Consequences;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Operations on runs, each with who asked and why for the audit; got from {@code Executor.operations()}. All methods may be called
 * from any thread, and throw {@link io.pgflow.DatabaseException} when the database cannot be asked.
 *
 * <p>All but {@link #rerun} and {@link #move} keep trying for the setting {@code callDeadline} first. When an answer was lost, the next try may
 * find that the first one did it, and says how the run or the task stands: a task whose output was set has {@link
 * OperationOutcome#SUCCEEDED SUCCEEDED}, a run that is retried is {@link OperationOutcome#RUNNING RUNNING}.
 */
public final class Operations {

    /** What is paused when a run is. */
    private static final String RUN = "run";

    private final PgflowSettings settings;
    private final OperationStore store;
    private final SurveyStore survey;
    private final FlowStore flow;
    private final Consequences consequences;

    /** For {@code Pgflow}. */
    @ModulePrivate
    @SuppressWarnings("exports")
    public Operations(
            PgflowSettings settings,
            OperationStore store,
            SurveyStore survey,
            FlowStore flow,
            Consequences consequences) {
        this.settings = settings;
        this.store = store;
        this.survey = survey;
        this.flow = flow;
        this.consequences = consequences;
    }

    /** Why is this task not running? The reasons, the nearest first; one that says so when it is running, or has ended. */
    public List<WaitReason> whyNotRunning(TaskName task) {
        return survey.whyNotRunning(task.runId(), task.step(), task.itemNumber()).stream()
                .map(row -> new WaitReason(row.code(), row.reason(), Optional.ofNullable(row.detail())))
                .toList();
    }

    /**
     * Lets a run that failed or was cancelled go on: its failed and cancelled tasks begin anew in a new generation, with all their
     * attempts; what succeeded or was skipped stays. Of a map the failed and cancelled items run again.
     */
    public OperationOutcome retry(UUID runId, AuditNote note) {
        return retry(List.of(runId), note).get(0);
    }

    /** The same for several runs, at most 1,000, in one transaction; in their order. */
    public List<OperationOutcome> retry(List<UUID> runIds, AuditNote note) {
        if (runIds.size() > 1000) {
            throw new IllegalArgumentException("at most 1000 runs are retried at once, not " + runIds.size());
        }
        return runIds.isEmpty() ? List.of() : followed(store.retry(runIds, note.actor(), note.reason()));
    }

    /**
     * Runs a step that has ended again, with all that comes after it, in a new generation; what they gave is kept beside. The run may
     * have ended in any way, and goes on then; what failed or was cancelled elsewhere in it begins anew, too. Nobody may be working on
     * any of these steps.
     */
    public OperationOutcome rerun(UUID runId, String step, AuditNote note) {
        return rerun(runId, List.of(step), note).get(0);
    }

    /** The same for several steps of a run, all or none; in their order. */
    public List<OperationOutcome> rerun(UUID runId, List<String> steps, AuditNote note) {
        return steps.isEmpty() ? List.of() : followed(store.rerun(runId, steps, note.actor(), note.reason()));
    }

    /**
     * Gives the output of a task by hand, as JSON: it has succeeded then. The task waits (PENDING, SCHEDULED, RETRYING, or RUNNING
     * without a worker, for a signal or the like), or it failed or was cancelled, in which case its run goes on as by {@link #retry(UUID, AuditNote)}. An output is never replaced.
     *
     * @throws io.pgflow.InvalidPayloadException when the output is no JSON, or larger than the setting {@code maxPayloadBytes}
     */
    public OperationOutcome setOutput(TaskName task, String outputJson, AuditNote note) {
        Json.check(outputJson, "the output of step \"" + task.step() + "\"", settings.maxPayloadBytes());
        return followed(store.setOutput(
                        task.runId(), task.step(), task.itemNumber(), outputJson, note.actor(), note.reason()))
                .get(0);
    }

    /** Passes over a task, which reads as null afterwards: as {@link #setOutput}, of the same tasks. */
    public OperationOutcome skip(TaskName task, AuditNote note) {
        return followed(store.skip(task.runId(), task.step(), task.itemNumber(), note.actor(), note.reason()))
                .get(0);
    }

    /** Starts a run that has ended again: a new run of the same version of its workflow, with the same input, labels and priority. */
    public NewRun startAgain(UUID runId, AuditNote note) {
        return startAgain(runId, Optional.empty(), note);
    }

    /**
     * Starts a run that has ended again with another input. It is a new run that names the old one as its origin; the old one stays as
     * it is.
     *
     * @throws io.pgflow.InvalidPayloadException when the input is no JSON, or larger than the setting {@code maxPayloadBytes}
     */
    public NewRun startAgain(UUID runId, String inputJson, AuditNote note) {
        Json.check(inputJson, "the input of a run that is started again", settings.maxPayloadBytes());
        return startAgain(runId, Optional.of(inputJson), note);
    }

    /** The run that undoes what this one did; empty while none does. {@code Executor.undoOf} gives a handle on it. */
    public Optional<UUID> undoOf(UUID runId) {
        return survey.undoOf(runId);
    }

    /** Runs that match a selection, to be counted first, and then cancelled, retried, paused or resumed all. */
    public MatchingRuns matching(RunSelection selection) {
        return new MatchingRuns(survey, selection, this, MatchingRuns.BATCH);
    }

    /** Everything about a run as a JSON document, in the format of docs/run-operations.md; empty when there is no such run. */
    public Optional<String> export(UUID runId) {
        return survey.export(runId);
    }

    /** What it would mean to move a run to another version of its workflow; changes nothing. */
    public MovePlan planMove(UUID runId, int version) {
        List<MoveRow> rows = survey.planMove(runId, version);
        return new MovePlan(
                rows.stream().flatMap(row -> step(row).stream()).toList(),
                rows.stream()
                        .filter(row -> MovePlan.Fate.of(row.fate()) == MovePlan.Fate.REFUSED)
                        .map(row -> (row.step() == null ? "" : row.step() + ": ") + row.reason())
                        .toList());
    }

    /**
     * Moves a run that has not ended to another version of its workflow, if nothing that has begun stands in the way. Returns why it was
     * refused; an empty list when it moved.
     */
    public List<String> move(UUID runId, int version, AuditNote note) {
        Operated operated = store.move(runId, version, note.actor(), note.reason());
        consequences.follow(operated.outcome());
        return operated.words();
    }

    /** How many of these runs were cancelled. */
    long cancelled(List<UUID> runIds, AuditNote note) {
        long cancelled = store.cancel(runIds, note.actor(), note.reason());
        consequences.followCancelling(runIds);
        return cancelled;
    }

    /** How many of these runs were paused. */
    long paused(List<UUID> runIds, AuditNote note) {
        return flow.pause(RUN, names(runIds), note.actor(), note.reason()).stream()
                .filter("paused"::equals)
                .count();
    }

    /** How many of these runs were resumed. */
    long resumed(List<UUID> runIds, AuditNote note) {
        FlowStore.Resumed resumed = flow.resume(RUN, names(runIds), note.actor(), note.reason());
        consequences.follow(resumed.outcome());
        return resumed.answers().stream().filter("resumed"::equals).count();
    }

    private static List<String> names(List<UUID> runIds) {
        return runIds.stream().map(UUID::toString).toList();
    }

    private static Optional<MovePlan.Step> step(MoveRow row) {
        return Optional.ofNullable(row.step())
                .map(name -> new MovePlan.Step(name, MovePlan.Fate.of(row.fate()), Optional.ofNullable(row.reason())));
    }

    private NewRun startAgain(UUID runId, Optional<String> inputJson, AuditNote note) {
        UUID newRunId = RunIds.next();
        @Nullable String input = inputJson.orElse(null);
        OperationOutcome outcome = followed(store.startAgain(runId, newRunId, input, note.actor(), note.reason()))
                .get(0);
        return new NewRun(outcome, outcome.isDone() ? Optional.of(newRunId) : Optional.empty());
    }

    private List<OperationOutcome> followed(Operated operated) {
        consequences.follow(operated.outcome());
        return operated.words().stream().map(OperationOutcome::of).toList();
    }
}
