package io.pgflow.approval;

import io.pgflow.workflow.Decision;
import io.pgflow.workflow.FormField;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/**
 * How does a question to people stand, at the moment of asking?
 *
 * @param shown data of the run for whoever decides, as JSON text
 * @param roles who has one of these may decide now
 * @param actors these people may decide now; anybody may when roles and actors are empty
 * @param quorum how many different people must make the same choice
 * @param stage 1, and one more for each escalation
 * @param dueAt when others are asked, or when it is rejected where there are none
 * @param choice what was chosen, when it ended
 * @param votes what people said so far, in order
 */
public record ApprovalSnapshot(
        UUID approvalId,
        UUID runId,
        String workflow,
        String step,
        State state,
        String question,
        List<String> choices,
        List<FormField> form,
        Optional<String> shown,
        List<String> roles,
        List<String> actors,
        int quorum,
        int stage,
        Instant requestedAt,
        Optional<Instant> dueAt,
        Optional<Instant> endedAt,
        Optional<String> choice,
        List<Decision.Vote> votes) {

    public ApprovalSnapshot {
        choices = List.copyOf(choices);
        form = List.copyOf(form);
        roles = List.copyOf(roles);
        actors = List.copyOf(actors);
        votes = List.copyOf(votes);
    }

    /** Whether a decision is still wanted. */
    public enum State {
        PENDING,
        DECIDED,
        /** Its last deadline passed, which rejects. */
        EXPIRED,
        /** Its run was cancelled or failed, or the step was skipped. */
        WITHDRAWN;

        static State of(String word) {
            return valueOf(word.toUpperCase(Locale.ROOT));
        }
    }
}
