package io.pgflow.executor;

import io.pgflow.DatabaseException;
import io.pgflow.internal.store.Outcome;
import io.pgflow.internal.store.RunStore;
import io.pgflow.internal.store.StartRequest;
import io.pgflow.internal.store.Started;
import io.pgflow.internal.upkeep.Consequences;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends starts to the database, those of concurrent callers together: while one call is on the way, others gather, and
 * whoever gets the turn next takes them all. A lone caller waits for nobody.
 *
 * <p>The run ids are chosen here, so a call whose answer was lost is simply repeated, until the deadline.
 */
final class Starter {

    private static final int LARGEST_BATCH = 1000;
    private static final Duration PAUSE = Duration.ofMillis(50);

    private final RunStore store;
    private final Consequences consequences;
    private final Duration deadline;
    private final ConcurrentLinkedQueue<Waiting> queue = new ConcurrentLinkedQueue<>();
    private final ReentrantLock turn = new ReentrantLock();

    Starter(RunStore store, Consequences consequences, Duration deadline) {
        this.store = store;
        this.consequences = consequences;
        this.deadline = deadline;
    }

    /** Starts runs; returns their ids in order. Throws {@link StartRefusedException} or {@link DatabaseException}. */
    List<UUID> start(List<StartRequest> requests, Optional<String> actor) {
        if (requests.isEmpty()) {
            return List.of();
        }
        var waiting = new Waiting(requests, actor.orElse(null), System.nanoTime() + deadline.toNanos());
        queue.add(waiting);
        turn.lock();
        try {
            if (!waiting.isAnswered()) {
                sendGathered();
            }
        } finally {
            turn.unlock();
        }
        return waiting.answer();
    }

    /** The caller's own request is among the gathered ones, or was answered with an earlier turn's. */
    private void sendGathered() {
        var together = new ArrayList<Waiting>();
        int size = 0;
        @Nullable Waiting next = queue.poll();
        while (next != null) {
            boolean fits = together.isEmpty() || fits(together, size, next);
            if (!fits) {
                send(together);
                together.clear();
                size = 0;
            }
            together.add(next);
            size += next.requests.size();
            next = queue.poll();
        }
        if (!together.isEmpty()) {
            send(together);
        }
    }

    private static boolean fits(List<Waiting> together, int size, Waiting next) {
        return size + next.requests.size() <= LARGEST_BATCH && together.get(0).sameActor(next);
    }

    private void send(List<Waiting> together) {
        List<StartRequest> requests =
                together.stream().flatMap(one -> one.requests.stream()).toList();
        Waiting first = together.get(0);
        try {
            Started started = repeat(first.deadline, () -> store.start(requests, first.actor));
            int from = 0;
            for (Waiting one : together) {
                one.succeed(started.runIds().subList(from, from + one.requests.size()));
                from += one.requests.size();
            }
            consequences.follow(
                    new Outcome(Set.of(), List.of(), started.wokenQueues(), started.mapsToFold(), Optional.empty()));
        } catch (DatabaseException e) {
            if (e.isTransient() || together.size() == 1) {
                together.forEach(one -> one.fail(e));
            } else {
                // One of them is refused, and with it all that travelled along; each alone, only that one is.
                List.copyOf(together).forEach(one -> send(List.of(one)));
            }
        }
    }

    /** Repeats a call that is safe to repeat while the database is away, as long as a start may take. */
    <T> T untilDeadline(Supplier<T> call) {
        return repeat(System.nanoTime() + deadline.toNanos(), call);
    }

    private static <T> T repeat(long until, Supplier<T> call) {
        while (true) {
            try {
                return call.get();
            } catch (DatabaseException e) {
                if (!e.isTransient() || System.nanoTime() > until || !pause()) {
                    throw e;
                }
            }
        }
    }

    private static boolean pause() {
        try {
            TimeUnit.NANOSECONDS.sleep(PAUSE.toNanos());
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** A caller's requests and, in the end, their answer; handed from thread to thread under the turn's lock. */
    private static final class Waiting {
        private final List<StartRequest> requests;
        private final @Nullable String actor;
        private final long deadline;
        private @Nullable List<UUID> runIds;
        private @Nullable DatabaseException failure;

        Waiting(List<StartRequest> requests, @Nullable String actor, long deadline) {
            this.requests = requests;
            this.actor = actor;
            this.deadline = deadline;
        }

        boolean sameActor(Waiting other) {
            return Objects.equals(actor, other.actor);
        }

        boolean isAnswered() {
            return runIds != null || failure != null;
        }

        void succeed(List<UUID> ids) {
            runIds = ids;
        }

        void fail(DatabaseException e) {
            failure = e;
        }

        List<UUID> answer() {
            if (runIds != null) {
                return runIds;
            }
            DatabaseException e = Objects.requireNonNull(failure);
            throw e.isTransient() ? e : StartRefusedException.refused(e);
        }
    }
}
