package io.pgflow.worker;

import io.pgflow.internal.store.Report;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Ends of attempts that wait to be reported. */
final class Reports {

    private final LinkedBlockingQueue<Report> waiting = new LinkedBlockingQueue<>();

    void add(Report report) {
        waiting.add(report);
    }

    int size() {
        return waiting.size();
    }

    /** Waits for a report, at most {@code atMost}, and takes what has gathered, at most {@code limit}. */
    List<Report> take(int limit, Duration atMost) throws InterruptedException {
        @Nullable Report first = waiting.poll(atMost.toNanos(), TimeUnit.NANOSECONDS);
        if (first == null) {
            return List.of();
        }
        var taken = new ArrayList<Report>();
        taken.add(first);
        waiting.drainTo(taken, limit - 1);
        return taken;
    }
}
