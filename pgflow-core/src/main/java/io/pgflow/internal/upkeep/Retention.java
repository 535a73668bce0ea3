package io.pgflow.internal.upkeep;

import io.pgflow.internal.signal.Bell;
import io.pgflow.internal.signal.Loop;
import io.pgflow.internal.signal.Signals;
import io.pgflow.internal.store.Pruned;
import io.pgflow.internal.store.RetentionStore;
import io.pgflow.state.RunState;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes runs that ended long enough ago, in small batches on a thread of its own: what is due for running work must not wait for it.
 * All processes walk through the runs together, and the database says whose turn it is.
 */
public final class Retention implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Retention.class);
    private static final int BATCH = 500;
    private static final Duration BETWEEN_WALKS = Duration.ofMinutes(1);
    private static final Duration BETWEEN_BATCHES = Duration.ofMillis(50);

    private final RetentionStore store;
    private final Map<String, Duration> ages;
    private final Bell bell = new Bell();
    private final Loop loop;

    /** {@code ages} say how long runs are kept after they ended in that state. */
    public Retention(RetentionStore store, Signals signals, Map<RunState, Duration> ages) {
        this.store = store;
        this.ages = ages.entrySet().stream()
                .collect(Collectors.toUnmodifiableMap(age -> age.getKey().name(), Map.Entry::getValue));
        this.loop = Loop.start("pgflow-retention", signals, this::round);
    }

    @Override
    public void close() {
        loop.stop();
        bell.ring();
        loop.stopAndJoin(Duration.ofSeconds(5));
    }

    private void round() throws InterruptedException {
        Pruned pruned = store.pruneDue(ages, BATCH, BETWEEN_WALKS);
        if (pruned.runs() > 0) {
            log.debug("{} old runs were removed", pruned.runs());
        }
        Duration next = pruned.nextIn();
        bell.awaitAround(next.compareTo(BETWEEN_BATCHES) < 0 ? BETWEEN_BATCHES : next);
    }
}
