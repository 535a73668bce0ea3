package io.pgflow.chaos;

import io.pgflow.DatabaseException;
import io.pgflow.approval.ApprovalFilter;
import io.pgflow.approval.Verdict;
import io.pgflow.executor.Executor;
import io.pgflow.executor.Run;
import io.pgflow.executor.StartOptions;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

/** Starts runs at a rate, in an order and with payloads that the seed says; cancels some, and decides what people are asked. */
final class Load implements AutoCloseable {

    private final Executor executor;
    private final Random random;
    private final double perSecond;
    private final Workload workload = new Workload(null, Duration.ZERO);
    private final BiConsumer<Run<?>, String> acknowledged;
    private final Set<UUID> toCancel = ConcurrentHashMap.newKeySet();
    private final ConcurrentLinkedQueue<String> refusals = new ConcurrentLinkedQueue<>();
    private final AtomicInteger decided = new AtomicInteger();
    private final Thread people = new Thread(this::decideAndCancel, "chaos-people");

    /** {@code acknowledged} gets each run that was, and its workflow, or {@code cancelled}. */
    Load(Executor executor, double perSecond, long seed, BiConsumer<Run<?>, String> acknowledged) {
        this.executor = executor;
        this.perSecond = perSecond;
        this.acknowledged = acknowledged;
        this.random = new Random(seed);
        people.setDaemon(true);
        people.start();
    }

    /** What is late because the database was away is not made up for. */
    void run(long untilNanos) throws InterruptedException {
        while (System.nanoTime() < untilNanos) {
            try {
                start();
            } catch (DatabaseException e) {
                refusals.add(e.getMessage());
            }
            Thread.sleep((long) (1_000 / perSecond));
        }
    }

    int refused() {
        return refusals.size();
    }

    int decided() {
        return decided.get();
    }

    private void start() {
        int card = random.nextInt(100);
        String payload = payload();
        if (card < 40) {
            start(workload.diamond(), payload);
        } else if (card < 60) {
            start(workload.chain(), payload);
        } else if (card < 80) {
            start(workload.map(), IntStream.rangeClosed(1, 50).boxed().toList());
        } else if (card < 90) {
            start(workload.retries(), payload);
        } else if (card < 95) {
            start(workload.approval(), payload);
        } else {
            Run<?> run = executor.start(workload.chain(), payload, StartOptions.none());
            acknowledged.accept(run, "cancelled");
            toCancel.add(run.id());
        }
    }

    private <I> void start(Workflow<I, ?> workflow, I input) {
        acknowledged.accept(executor.start(workflow, input), workflow.name());
    }

    /** 0.2 to 64 KB, small ones more often. */
    private String payload() {
        int length = (int) (200 * Math.pow(320, random.nextDouble()));
        var text = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            text.append((char) ('a' + random.nextInt(26)));
        }
        return text.toString();
    }

    private void decideAndCancel() {
        while (true) {
            try {
                Thread.sleep(300);
                toCancel.removeIf(run -> {
                    executor.cancel(run, "chosen by the seed");
                    return true;
                });
                decide();
            } catch (DatabaseException e) {
                refusals.add(e.getMessage());
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void decide() {
        executor.approvals().pending(ApprovalFilter.all()).forEach(asked -> {
            executor.approvals().decide(asked.approvalId(), Verdict.of("ada", "approve"));
            decided.incrementAndGet();
        });
    }

    @Override
    public void close() {
        people.interrupt();
    }
}
