package io.pgflow.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.internal.signal.Signals;
import io.pgflow.internal.store.ProgressRow;
import io.pgflow.internal.store.ProgressStore;
import io.pgflow.internal.store.TaskId;
import io.pgflow.internal.store.ToldProgress;
import io.pgflow.notify.Notifications;
import io.pgflow.testing.SilentNotifications;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What handlers tell, on a store whose calls the test watches. */
class TidingsTest {

    /** A handler that never stops; a flush that waits for its silence would come to this many. */
    private static final int MUCH = 100;

    private final Notifications silent = SilentNotifications.start();
    private final Signals signals = new Signals(silent);
    private final TaskId task = new TaskId(UUID.randomUUID(), (short) 1, 0, 1);
    private final AtomicInteger told = new AtomicInteger();
    private final List<Integer> storedOnThisThread = Collections.synchronizedList(new ArrayList<>());

    @AfterEach
    void close() {
        signals.close();
        silent.close();
    }

    @Test
    void what_is_told_while_a_flush_stores_is_for_the_next_one() {
        var tellsMore = new Tidings[1];
        var tidings = new Tidings(
                store(() -> {
                    if (told.get() < MUCH) {
                        tellsMore[0].tell(chunk(told.incrementAndGet()));
                    }
                }),
                signals);
        tellsMore[0] = tidings;
        while (storedOnThisThread.isEmpty()) { // until this thread is the one that finds something
            tidings.tell(chunk(0));
            tidings.flush();
        }

        assertThat(storedOnThisThread).hasSize(1);
        tidings.close();
    }

    @Test
    void a_flush_stores_all_that_was_told_before_in_parts_and_in_order() {
        var seen = Collections.synchronizedList(new ArrayList<String>());
        var tidings = new Tidings(
                new ProgressStore() {
                    @Override
                    public Set<Integer> report(List<ToldProgress> part) {
                        assertThat(part).hasSizeLessThanOrEqualTo(1000);
                        part.forEach(one -> seen.add(String.valueOf(one.chunk())));
                        return Set.of();
                    }

                    @Override
                    public List<ProgressRow> page(UUID runId, long after, int limit) {
                        return List.of();
                    }

                    @Override
                    public boolean prune() {
                        return false;
                    }
                },
                signals);
        var expected = new ArrayList<String>();
        for (int i = 0; i < 2500; i++) {
            expected.add(String.valueOf(i));
            tidings.tell(chunk(i));
        }

        tidings.flush();

        assertThat(seen).isEqualTo(expected);
        tidings.close();
    }

    private ToldProgress chunk(int number) {
        return new ToldProgress(task, 0, "", null, String.valueOf(number));
    }

    /** Counts what this thread stores: the thread of the tidings stores too. */
    private ProgressStore store(Runnable meanwhile) {
        Thread tester = Thread.currentThread();
        return new ProgressStore() {
            @Override
            public Set<Integer> report(List<ToldProgress> part) {
                if (Thread.currentThread() == tester) {
                    storedOnThisThread.add(part.size());
                    meanwhile.run();
                }
                return Set.of();
            }

            @Override
            public List<ProgressRow> page(UUID runId, long after, int limit) {
                return List.of();
            }

            @Override
            public boolean prune() {
                return false;
            }
        };
    }
}
