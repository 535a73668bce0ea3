package io.pgflow.executor;

import io.pgflow.DatabaseException;
import io.pgflow.internal.store.OnceAnswer;
import io.pgflow.internal.store.Outcome;
import io.pgflow.internal.store.RunStore;
import io.pgflow.internal.store.StartRequest;
import io.pgflow.internal.store.Started;
import io.pgflow.internal.upkeep.Consequences;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends starts to the database, those of concurrent callers together: while one call is on the way, others gather, and
 * whoever gets the turn next takes them all. A lone caller waits for nobody.
 *
 * <p>Starts with an idempotency key travel alone: the key may be held by somebody's open transaction, for which nobody else
 * should have to wait. So do starts that fill a call.
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
    /** Whether somebody has the turn. */
    private final AtomicBoolean sending = new AtomicBoolean();

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
        var done = new ArrayList<Runnable>();
        if (requests.size() >= LARGEST_BATCH
                || requests.stream()
                        .anyMatch(request -> request.idempotencyKey().isPresent())) {
            send(List.of(waiting), done);
        } else {
            travelTogether(waiting, done);
        }
        done.forEach(Runnable::run);
        List<UUID> runIds = waiting.answer();
        soonest(requests).ifPresent(this::followTimer);
        return runIds;
    }

    /** Starts a run that may stand for others, or finds the one that does. Such starts travel alone. */
    OnceAnswer startOnce(StartRequest request, Once once, @Nullable String actor) {
        try {
            OnceAnswer answer = untilDeadline(() ->
                    store.startOnce(request, once.how().word(), once.key(), once.period(), once.maxWait(), actor));
            consequences.follow(answer.followUp());
            return answer;
        } catch (DatabaseException e) {
            throw e.isTransient() ? e : StartRefusedException.refused(e);
        }
    }

    /** Calls the database until it answers, at most until the deadline, whether or not this thread is interrupted meanwhile. */
    <T> T untilDeadline(Supplier<T> call) {
        return until(System.nanoTime() + deadline.toNanos(), call);
    }

    private void travelTogether(Waiting waiting, List<Runnable> done) {
        queue.add(waiting);
        boolean hasTurn = sending.compareAndSet(false, true);
        if (!hasTurn) {
            waiting.awaitAnswerOrTurn();
            hasTurn = !waiting.isAnswered();
        }
        if (hasTurn) {
            try {
                // Whoever had the turn before may have answered it already: then the turn is only handed on.
                while (!waiting.isAnswered()) {
                    send(gathered(), done);
                }
            } finally {
                handOver();
            }
        }
    }

    /** What waits, oldest first, as far as it may travel in one call; at least one. Only whoever has the turn takes from the queue. */
    private List<Waiting> gathered() {
        var together = new ArrayList<Waiting>();
        int size = 0;
        @Nullable Waiting next = queue.peek();
        while (next != null && (together.isEmpty() || fits(together, size, next))) {
            together.add(queue.remove());
            size += next.requests.size();
            next = queue.peek();
        }
        return together;
    }

    /**
     * Gives the turn to the longest waiting; nobody can take it before him. A lock would give it to whoever is awake already, who
     * then sends his next start alone, while those that this call answered queue up for the lock to learn it.
     */
    private void handOver() {
        do {
            @Nullable Waiting next = queue.peek();
            if (next != null) {
                next.takeTurn();
                return;
            }
            sending.set(false);
        } while (!queue.isEmpty() && sending.compareAndSet(false, true));
    }

    private static boolean fits(List<Waiting> together, int size, Waiting next) {
        return size + next.requests.size() <= LARGEST_BATCH && together.get(0).sameActor(next);
    }

    private void send(List<Waiting> together, List<Runnable> done) {
        List<StartRequest> requests =
                together.stream().flatMap(one -> one.requests.stream()).toList();
        Waiting first = together.get(0);
        // A hint may have to wait for others' commits: a start that failed with one is tried again without.
        var mark =
                new AtomicReference<@Nullable String>(consequences.markOfStart().orElse(null));
        try {
            Started started = until(first.deadline, () -> store.start(requests, first.actor, mark.getAndSet(null)));
            int from = 0;
            for (Waiting one : together) {
                one.succeed(started.runIds().subList(from, from + one.requests.size()));
                from += one.requests.size();
            }
            done.add(() -> consequences.follow(started));
        } catch (RuntimeException e) {
            if (isPassing(e) || together.size() == 1) {
                together.forEach(one -> one.fail(e));
            } else {
                // One of them is refused, and with it all that travelled along; each alone, only that one is.
                together.forEach(one -> send(List.of(one), done));
            }
        } catch (Error e) { // nobody may be left waiting for an answer
            together.forEach(one -> one.fail(new IllegalStateException("the start failed", e)));
            throw e;
        }
    }

    private static Optional<Duration> soonest(List<StartRequest> requests) {
        return requests.stream().flatMap(request -> request.delay().stream()).min(Comparator.naturalOrder());
    }

    /** A delayed run begins on time, not when somebody next looks for timers. */
    private void followTimer(Duration dueIn) {
        consequences.follow(new Outcome(Set.of(), List.of(), Set.of(), false, Optional.of(dueIn)));
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

    /** A caller's requests and, in the end, their answer. The caller is woken once: with the answer, or to take the turn. */
    private static final class Waiting {
        private final List<StartRequest> requests;
        private final @Nullable String actor;
        private final long deadline;
        private final Semaphore wakeUp = new Semaphore(0);
        private volatile @Nullable List<UUID> runIds;
        private volatile @Nullable RuntimeException failure;

        Waiting(List<StartRequest> requests, @Nullable String actor, long deadline) {
            this.requests = requests;
            this.actor = actor;
            this.deadline = deadline;
        }

        boolean sameActor(Waiting other) {
            return Objects.equals(actor, other.actor);
        }

        /** An interrupt is kept for the caller, whose request is on its way. */
        void awaitAnswerOrTurn() {
            wakeUp.acquireUninterruptibly();
        }

        void takeTurn() {
            wakeUp.release();
        }

        boolean isAnswered() {
            return runIds != null || failure != null;
        }

        void succeed(List<UUID> ids) {
            runIds = ids;
            wakeUp.release();
        }

        void fail(RuntimeException e) {
            failure = e;
            wakeUp.release();
        }

        List<UUID> answer() {
            List<UUID> ids = runIds;
            if (ids != null) {
                return ids;
            }
            RuntimeException e = Objects.requireNonNull(failure);
            throw e instanceof DatabaseException database && !database.isTransient()
                    ? StartRefusedException.refused(database)
                    : e;
        }
    }
}
