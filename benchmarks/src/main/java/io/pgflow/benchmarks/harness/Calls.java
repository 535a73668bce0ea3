package io.pgflow.benchmarks.harness;

import java.util.Collection;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;

/** What the handlers of one process tell: how often they were called, when first, and how long after their stamps. */
final class Calls implements LongConsumer {

    private final AtomicLong count = new AtomicLong();
    private final AtomicLong first = new AtomicLong();
    private final Queue<Long> latencies = new ConcurrentLinkedQueue<>();
    private final Queue<Long> times = new ConcurrentLinkedQueue<>();
    private volatile boolean keepTimes;
    private volatile int failOneIn;

    /**
     * Forgets everything.
     *
     * @param failing every how many calls one throws; 0 for none
     * @param keeping whether the time of every call is kept
     */
    void reset(int failing, boolean keeping) {
        failOneIn = failing;
        keepTimes = keeping;
        latencies.clear();
        times.clear();
        first.set(0);
        count.set(0);
    }

    @Override
    public void accept(long stamp) {
        long now = System.nanoTime();
        long number = count.incrementAndGet();
        if (number == 1) {
            first.set(now);
        }
        if (stamp != 0) {
            latencies.add(now - stamp);
        }
        if (keepTimes) {
            times.add(now);
        }
        if (failOneIn > 0 && number % failOneIn == 0) {
            throw new IllegalStateException("this call fails, as was asked for");
        }
    }

    long count() {
        return count.get();
    }

    /** The time of the first call; 0 when there was none. */
    long first() {
        return first.get();
    }

    LongStream latencies() {
        return sorted(latencies);
    }

    LongStream times() {
        return sorted(times);
    }

    private static LongStream sorted(Collection<Long> values) {
        return values.stream().mapToLong(Long::longValue).sorted();
    }
}
