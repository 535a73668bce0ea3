package io.pgflow.approval;

import io.pgflow.internal.arch.ModulePrivate;
import io.pgflow.internal.json.Json;
import io.pgflow.internal.store.ApprovalStore;
import io.pgflow.internal.store.Outcome;
import io.pgflow.internal.upkeep.Consequences;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Who has to decide what, and how do they? Got from the executor; all methods may be called from any thread.
 *
 * <pre>{@code
 * List<ApprovalSnapshot> mine = approvals.pending(ApprovalFilter.of("ada", "finance"));
 * DecisionResult result = approvals.decide(mine.get(0).approvalId(), Verdict.of("ada", "approve").withRoles("finance"));
 * }</pre>
 *
 * <p>Every method throws {@link io.pgflow.DatabaseException} when the database cannot be asked, after it kept trying for the setting {@code
 * callDeadline}. A decision can be repeated: it counts once.
 */
public final class Approvals {

    private final ApprovalStore store;
    private final Consequences consequences;
    private final int maxPayloadBytes;

    /** For {@code Pgflow}. */
    @ModulePrivate
    @SuppressWarnings("exports")
    public Approvals(ApprovalStore store, Consequences consequences, int maxPayloadBytes) {
        this.store = store;
        this.consequences = consequences;
        this.maxPayloadBytes = maxPayloadBytes;
    }

    /** What is open, oldest first. */
    public List<ApprovalSnapshot> pending(ApprovalFilter filter) {
        return store
                .pending(
                        filter.actor().orElse(null),
                        filter.roles(),
                        filter.runId().orElse(null),
                        filter.limit())
                .stream()
                .map(Rows::snapshot)
                .toList();
    }

    /** A question, as it stands now, open or not. */
    public Optional<ApprovalSnapshot> find(UUID approvalId) {
        return store.find(approvalId).map(Rows::snapshot);
    }

    /**
     * What a person says to a question. When this returns, it is stored, or {@link DecisionOutcome} says why not.
     *
     * @throws io.pgflow.InvalidPayloadException when the form is no JSON, or larger than the setting {@code maxPayloadBytes}
     */
    public DecisionResult decide(UUID approvalId, Verdict verdict) {
        return decide(approvalId, null, null, verdict);
    }

    /** The same for the question that a step of a run asks, the latest when it asked more than once. */
    public DecisionResult decide(UUID runId, String step, Verdict verdict) {
        return decide(null, runId, step, verdict);
    }

    /**
     * From now on each event of an approval, in any process, is sent to the pgmq queue {@code approval_events}: requested, voted,
     * decided, escalated, expired. A NOTIFY on the channel of that name is a hint that there is one.
     *
     * @param most how many messages the queue holds, 1 to 1,000,000; the oldest go
     */
    public void keepEvents(int most) {
        if (most < 1 || most > 1_000_000) {
            throw new IllegalArgumentException("the queue holds 1 to 1,000,000 messages, not " + most);
        }
        store.keepEvents(most);
    }

    /** Sends no more events. The queue stays, with what it holds. */
    public void dropEvents() {
        store.keepEvents(null);
    }

    private DecisionResult decide(
            @Nullable UUID approvalId, @Nullable UUID runId, @Nullable String step, Verdict verdict) {
        ApprovalStore.Answer answer = store.decide(new ApprovalStore.Vote(
                approvalId,
                runId,
                step,
                verdict.actor(),
                verdict.roles(),
                verdict.choice(),
                form(verdict),
                verdict.comment().orElse(null)));
        consequences.follow(new Outcome(Set.of(), List.of(), Set.of(), answer.toSettle(), Optional.empty()));
        return new DecisionResult(DecisionOutcome.of(answer.outcome()), Rows.problems(answer.problems()));
    }

    private String form(Verdict verdict) {
        String place = "the form of a verdict";
        String json = Json.write(verdict.form(), Map.class, place);
        Json.check(json, place, maxPayloadBytes);
        return json;
    }
}
