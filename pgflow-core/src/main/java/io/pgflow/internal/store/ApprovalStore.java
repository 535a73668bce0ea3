package io.pgflow.internal.store;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Questions to people, and their answers. */
public interface ApprovalStore {

    /** decide_approval. */
    Answer decide(Vote vote);

    /** list_approvals: pending ones; with an actor, those that are for this person. */
    List<ApprovalRow> pending(@Nullable String actor, List<String> roles, @Nullable UUID runId, int limit);

    /** get_approval. */
    Optional<ApprovalRow> find(UUID approvalId);

    /** keep_approval_events; null for no more. */
    void keepEvents(@Nullable Integer most);

    /**
     * What a person says.
     *
     * @param approvalId the question; null when run and step name it
     * @param form JSON
     */
    record Vote(
            @Nullable UUID approvalId,
            @Nullable UUID runId,
            @Nullable String step,
            String actor,
            List<String> roles,
            String choice,
            String form,
            @Nullable String comment) {}

    /**
     * The answer.
     *
     * @param problems JSON, what is wrong with the form
     */
    record Answer(String outcome, @Nullable String problems, boolean toSettle) {}
}
