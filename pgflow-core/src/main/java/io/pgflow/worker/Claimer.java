package io.pgflow.worker;

import io.pgflow.DatabaseException;
import io.pgflow.internal.signal.Bell;
import io.pgflow.internal.store.ClaimedTask;
import io.pgflow.internal.store.Report;
import io.pgflow.internal.store.TaskId;
import io.pgflow.internal.store.TaskStore;
import io.pgflow.internal.upkeep.Consequences;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes as many tasks as there are free slots, some more while handlers end quickly ({@link Slots}), and waits when there are
 * none to take.
 *
 * <p>Whether work waits of which no hint came is asked by upkeep ({@link Lookout}); it looks by itself only when upkeep has not asked for
 * long, being busy with something large.
 *
 * <p>It is the only one that claims in this process. When the answer of a claim is lost, tasks may be ours without our
 * knowing; it then tells the database what it knows before it claims again, and the rest is scheduled anew.
 */
final class Claimer {

    private static final int LARGEST_CLAIM = 500;

    /** A task that has waited for so long for a handler goes back to the queue: another worker may have one. */
    private static final Duration LONGEST_WAIT = Duration.ofMillis(100);

    private static final Duration BACKLOG_PAUSE = Duration.ofMillis(20);
    private static final Logger log = LoggerFactory.getLogger(Claimer.class);

    private final Workplace workplace;
    private final Membership membership;
    private final Consequences consequences;
    private final Duration pollInterval;
    /** Of queues of which only so many tasks may be held. */
    private final Map<String, Integer> queueSlots;

    private final KnownWorkflows workflows;
    private final Bell bell = new Bell();
    /** When it was last known that nothing waits, on this JVM's clock for durations. */
    private volatile long nothingWaitedAt;

    private boolean uncertain;
    private int rounds;

    Claimer(
            Workplace workplace,
            Membership membership,
            Consequences consequences,
            Duration pollInterval,
            Map<String, Integer> queueSlots) {
        this.workplace = workplace;
        this.membership = membership;
        this.consequences = consequences;
        this.pollInterval = pollInterval;
        this.queueSlots = queueSlots;
        this.workflows = new KnownWorkflows(workplace.store());
    }

    /** There may be work in these queues. */
    void look(Set<String> queues) {
        List<String> mine = membership.registration().queues();
        if (mine.stream().anyMatch(queues::contains)) {
            look();
        }
    }

    /** There may be work. */
    void look() {
        bell.ring();
    }

    /** Somebody has looked: nothing waited after this moment. */
    void nothingWaited(long after) {
        nothingWaitedAt = after;
    }

    void round() throws InterruptedException {
        int room = awaitRoom();
        recoverUncertain();
        handBackOld();
        if (room == 0) {
            return;
        }
        int asked = Math.min(room, LARGEST_CLAIM);
        int claimed = 0;
        long now = System.nanoTime();
        for (String queue : queuesInTurn()) {
            claimed += claim(queue, Math.min(asked - claimed, ownRoom(queue)));
        }
        if (claimed < asked) {
            nothingWaitedAt = now;
            awaitWork();
        }
    }

    /** Each round begins with another queue, so that a queue that never empties does not starve the others. */
    private List<String> queuesInTurn() {
        var queues = new ArrayList<>(membership.registration().queues());
        Collections.rotate(queues, rounds++ % queues.size());
        return queues;
    }

    /** Only this thread adds to what is held, so there is at least as much room as this. */
    private int ownRoom(String queue) {
        @Nullable Integer slots = queueSlots.get(queue);
        return slots == null ? LARGEST_CLAIM : slots - workplace.running().of(queue);
    }

    private int claim(String queue, int limit) {
        if (limit <= 0) {
            return 0;
        }
        long workerId = membership.workerId();
        uncertain = true;
        try {
            List<ClaimedTask> tasks = workplace.store().claim(workerId, queue, limit);
            begin(workerId, tasks);
            uncertain = false;
            return tasks.size();
        } catch (DatabaseException e) {
            if (!e.code().equals(DatabaseException.WORKER_LOST)) {
                throw e;
            }
            membership.renew(workerId);
            uncertain = false;
            return 0;
        }
    }

    private void begin(long workerId, List<ClaimedTask> tasks) {
        var attempts = new ArrayList<Attempt>(tasks.size());
        for (ClaimedTask task : tasks) {
            workflow(task).ifPresent(workflow -> attempts.add(new Attempt(task, workflow, workplace)));
        }
        List<Attempt> mustRun = workplace.reuse().mustRun(workerId, attempts);
        mustRun.forEach(workplace.running()::add);
        workplace.slots().run(mustRun);
        boolean reused = mustRun.size() < attempts.size();
        if (attempts.stream()
                .map(Attempt::limits)
                .anyMatch(limits -> limits.countsBegins() || (reused && !limits.isNone()))) {
            consequences.admit();
        }
    }

    private Optional<KnownWorkflow> workflow(ClaimedTask task) {
        try {
            return Optional.of(workflows.get(task.workflowId()));
        } catch (DatabaseException e) {
            throw e;
        } catch (RuntimeException e) { // one definition that this process cannot read must not stop its other work
            log.error("{} cannot be run here", task.id(), e);
            workplace.report(new Report.Failure(task.id(), ErrorJson.of(e), true, Optional.empty()));
            return Optional.empty();
        }
    }

    /** Waits until there is room, or something is to be handed back; none while too much waits to be reported. */
    private int awaitRoom() throws InterruptedException {
        if (workplace.reports().isFull()) {
            bell.await(BACKLOG_PAUSE);
            return 0;
        }
        int room = workplace.slots().awaitRoom(untilHandBack().orElse(pollInterval));
        int withoutConnection = workplace.transactions().outside();
        if (withoutConnection > 0 && room <= withoutConnection) {
            bell.await(BACKLOG_PAUSE);
            return 0;
        }
        return room - withoutConnection;
    }

    /** Waits until somebody says that there may be work, something is to be handed back, or nobody has looked for long. */
    private void awaitWork() throws InterruptedException {
        boolean rung = false;
        for (long left = untilLook(); left > 0 && !rung; left = untilLook()) {
            rung = bell.await(Duration.ofNanos(left));
        }
    }

    /** Upkeep asks after a poll interval and a quarter at the latest, so it comes first unless it is held up. */
    private long untilLook() {
        return untilHandBack()
                .map(Duration::toNanos)
                .orElseGet(() -> nothingWaitedAt + pollInterval.toNanos() * 3 / 2 - System.nanoTime());
    }

    private Optional<Duration> untilHandBack() {
        return Stream.concat(
                        workplace.slots().untilWaited(LONGEST_WAIT).stream(),
                        workplace.transactions().untilTakeBack().stream())
                .min(Comparator.naturalOrder());
    }

    /** When its answer is lost, what was not handed back is found like claims of which we do not know. */
    private void handBackOld() {
        List<TaskId> left = workplace.withdraw(LONGEST_WAIT);
        if (!left.isEmpty()) {
            log.debug("{} tasks waited too long for a handler or a connection; they are handed back", left.size());
            uncertain = true;
            consequences.follow(workplace.store().release(membership.workerId(), left));
            uncertain = false;
        }
    }

    private void recoverUncertain() {
        if (uncertain) {
            TaskStore store = workplace.store();
            List<Attempt> known = workplace.running().list();
            consequences.follow(store.recoverClaims(membership.workerId(), RunningTasks.ids(known)));
            uncertain = false;
        }
    }
}
