package io.pgflow.sql.spec;

import java.util.List;
import java.util.UUID;

/** What {@code complete_tasks}, {@code fail_tasks} and {@code skip_tasks} answer; {@code positions} are the stale reports, or the skips that applied. */
record Report(List<Integer> positions, List<UUID> endedRuns, List<String> wokenQueues, boolean toSettle) {}
