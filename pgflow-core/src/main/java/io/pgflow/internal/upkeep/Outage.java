package io.pgflow.internal.upkeep;

import io.pgflow.internal.signal.Loop;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Does the silence of other workers say anything about them? Not when this process could not reach the database either: they come back
 * each in its own time, and whoever is first must not take their tasks away.
 */
final class Outage {

    private final long heartbeat;
    private final LongSupplier nanoTime;
    private OptionalLong since = OptionalLong.empty();
    private OptionalLong over = OptionalLong.empty();

    /** {@code heartbeat} is the interval in which workers beat their hearts; a shorter outage made nobody silent. */
    Outage(Duration heartbeat, LongSupplier nanoTime) {
        this.heartbeat = heartbeat.toNanos();
        this.nanoTime = nanoTime;
    }

    /** Asks the database, and notes when that fails or takes long. */
    <T> T watch(Supplier<T> question) {
        if (since.isEmpty()) {
            since = OptionalLong.of(nanoTime.getAsLong());
        }
        T answer = question.get();
        long now = nanoTime.getAsLong();
        if (now - since.getAsLong() > heartbeat) {
            over = OptionalLong.of(now);
        }
        since = OptionalLong.empty();
        return answer;
    }

    /** True for as long after an outage as others may need to come back: their loops, and then their hearts. */
    boolean isRecent() {
        return over.isPresent() && nanoTime.getAsLong() - over.getAsLong() < Loop.LONGEST_PAUSE.toNanos() + heartbeat;
    }
}
