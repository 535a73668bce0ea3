package io.pgflow.approval;

import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Which open questions?
 *
 * @param actor only what this person may decide and has not yet said anything to
 * @param roles the roles that the person has
 * @param runId only questions of this run
 * @param limit how many at most, 1 to 1000
 */
public record ApprovalFilter(Optional<String> actor, List<String> roles, Optional<UUID> runId, int limit) {

    private static final int MOST = 1000;

    public ApprovalFilter {
        roles = List.copyOf(roles);
        if (limit < 1 || limit > MOST) {
            throw new IllegalArgumentException("limit is " + limit + "; it must be from 1 to " + MOST);
        }
    }

    /** All, the first 100. */
    public static ApprovalFilter all() {
        return new ApprovalFilter(Optional.empty(), List.of(), Optional.empty(), 100);
    }

    /** What is for this person, the first 100. */
    public static ApprovalFilter of(String actor, String... roles) {
        return new ApprovalFilter(Optional.of(actor), List.of(roles), Optional.empty(), 100);
    }

    public ApprovalFilter ofRun(UUID run) {
        return new ApprovalFilter(actor, roles, Optional.of(run), limit);
    }

    public ApprovalFilter withLimit(int most) {
        return new ApprovalFilter(actor, roles, runId, most);
    }
}
