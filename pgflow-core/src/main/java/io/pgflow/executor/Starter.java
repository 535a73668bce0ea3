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
 * <p>Starts with an idempotency key travel alone: the key may be held by somebody's open transaction, for which nobody else
 * should have to wait.
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
        var done = new ArrayList<Started>();
        if (requests.stream().anyMatch(request -> request.idempotencyKey().isPresent())) {
            send(List.of(waiting), done);
        } else {
            travelTogether(waiting, done);
        }
        done.forEach(this::follow);
        return waiting.answer();
    }

    /** Calls the database until it answers, at most until the deadline, whether or not this thread is interrupted meanwhile. */
    <T> T untilDeadline(Supplier<T> call) {
        return until(System.nanoTime() + deadline.toNanos(), call);
    }

    private void travelTogether(Waiting waiting, List<Started> done) {
        queue.add(waiting);
        turn.lock();
        try {
            if (!waiting.isAnswered()) {
                sendGathered(done);
            }
        } finally {
            turn.unlock();
        }
    }

    /** The caller's own request is among the gathered ones, or was answered with an earlier turn's. */
    private void sendGathered(List<Started> done) {
        var together = new ArrayList<Waiting>();
        int size = 0;
        @Nullable Waiting next = queue.poll();
        while (next != null) {
            boolean fits = together.isEmpty() || fits(together, size, next);
            if (!fits) {
                send(together, done);
                together.clear();
                size = 0;
            }
            together.add(next);
            size += next.requests.size();
            next = queue.poll();
        }
        if (!together.isEmpty()) {
            send(together, done);
        }
    }

    private static boolean fits(List<Waiting> together, int size, Waiting next) {
        return size + next.requests.size() <= LARGEST_BATCH && together.get(0).sameActor(next);
    }

    private void send(List<Waiting> together, List<Started> done) {
        List<StartRequest> requests =
                together.stream().flatMap(one -> one.requests.stream()).toList();
        Waiting first = together.get(0);
        try {
            Started started = until(first.deadline, () -> store.start(requests, first.actor));
            int from = 0;
            for (Waiting one : together) {
                one.succeed(started.runIds().subList(from, from + one.requests.size()));
                from += one.requests.size();
            }
            done.add(started);
        } catch (RuntimeException e) {
            if (isPassing(e) || together.size() == 1) {
                together.forEach(one -> one.fail(e));
            } else {
                // One of them is refused, and with it all that travelled along; each alone, only that one is.
                List.copyOf(together).forEach(one -> send(List.of(one), done));
            }
        }
    }

    private void follow(Started started) {
        consequences.follow(
                new Outcome(Set.of(), List.of(), started.wokenQueues(), started.mapsToFold(), Optional.empty()));
    }

    /** An interrupt is kept for the caller: others may travel along with it, and a start is over soon. */
    private static <T> T until(long deadline, Supplier<T> call) {
        boolean interrupted = false;
        try {
            while (true) {
                interrupted |= Thread.interrupted();
                try {
                    return call.get();
                } catch (DatabaseException e) {
                    if (!e.isTransient() || System.nanoTime() - deadline > 0) {
                        throw e;
                    }
                }
                interrupted |= pause();
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static boolean pause() {
        try {
            TimeUnit.NANOSECONDS.sleep(PAUSE.toNanos());
            return false;
        } catch (InterruptedException e) {
            return true;
        }
    }

    private static boolean isPassing(RuntimeException e) {
        return e instanceof DatabaseException database && database.isTransient();
    }

    /** A caller's requests and, in the end, their answer; handed from thread to thread under the turn's lock. */
    private static final class Waiting {
        private final List<StartRequest> requests;
        private final @Nullable String actor;
        private final long deadline;
        private @Nullable List<UUID> runIds;
        private @Nullable RuntimeException failure;

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

        void fail(RuntimeException e) {
            failure = e;
        }

        List<UUID> answer() {
            if (runIds != null) {
                return runIds;
            }
            RuntimeException e = Objects.requireNonNull(failure);
            throw e instanceof DatabaseException database && !database.isTransient()
                    ? StartRefusedException.refused(database)
                    : e;
        }
    }
}
