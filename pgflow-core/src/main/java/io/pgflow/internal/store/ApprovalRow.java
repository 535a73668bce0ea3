package io.pgflow.internal.store;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** A question as get_approval shows it; what it asks, what it shows and the votes are JSON text. */
public record ApprovalRow(
        UUID approvalId,
        UUID runId,
        String workflow,
        String step,
        String state,
        String asks,
        Optional<String> shown,
        List<String> roles,
        List<String> actors,
        int stage,
        Instant requestedAt,
        Optional<Instant> dueAt,
        Optional<Instant> endedAt,
        Optional<String> choice,
        String votes) {}
