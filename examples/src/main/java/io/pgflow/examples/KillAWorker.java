package io.pgflow.examples;

import static io.pgflow.dsl.FlowBuilder.overInput;

import io.pgflow.Pgflow;
import io.pgflow.PgflowSettings;
import io.pgflow.dsl.FlowBuilder;
import io.pgflow.event.Event;
import io.pgflow.event.EventType;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * Does a crash lose work? Two worker processes share a map of 400 short naps; one of them is killed (SIGKILL) after a quarter.
 * This process starts the run and watches, but runs no tasks itself.
 */
public final class KillAWorker {

    static final int NAPS = 400;
    private static final Duration NAP = Duration.ofMillis(100);
    private static final StepKey<List<Integer>> NAP_STEP = StepKey.listOf("nap", Integer.class);

    private static final Workflow<List<Integer>, List<Integer>> FLOW = FlowBuilder.workflowOver("naps", Integer.class)
            .map(NAP_STEP, overInput(Integer.class), KillAWorker::nap)
            .returns(NAP_STEP);

    private KillAWorker() {}

    /** No arguments. The processes that it starts get {@code worker}, their name and the address of the database. */
    public static void main(String[] args) throws Exception {
        if (args.length > 0 && args[0].equals("worker")) {
            work(args[1], args[2]);
        } else {
            watch();
        }
    }

    private static int nap(int number) throws InterruptedException {
        Thread.sleep(NAP.toMillis());
        return number;
    }

    private static PgflowSettings settings(String name) {
        return PgflowSettings.builder()
                .workerName(name)
                .concurrency(8)
                .heartbeat(Duration.ofSeconds(1))
                .expiresAfter(Duration.ofSeconds(4)) // instead of 10, for the impatient
                .build();
    }

    /** A worker process: says its number, and works until its input is closed. */
    private static void work(String name, String url) throws Exception {
        try (var pool = ExampleDatabase.pool(url);
                var pgflow = Pgflow.on(pool).with(FLOW).settings(settings(name)).start()) {
            System.out.println(pgflow.worker().orElseThrow().status().workerId());
            System.in.transferTo(System.out);
        }
    }

    private static void watch() throws Exception {
        try (var database = ExampleDatabase.start();
                var victim = WorkerProcess.start(KillAWorker.class, "worker-a", database.url());
                var survivor = WorkerProcess.start(KillAWorker.class, "worker-b", database.url());
                var pgflow = Pgflow.on(database.dataSource())
                        .settings(settings("watcher"))
                        .start()) {
            var quarter = new CountDownLatch(NAPS / 4);
            pgflow.events().subscribe(event -> {
                if (event.type() == EventType.TASK_COMPLETED) {
                    quarter.countDown();
                }
            });
            System.out.println(NAPS + " naps for " + victim + " and " + survivor);
            var run = pgflow.executor()
                    .start(FLOW, IntStream.rangeClosed(1, NAPS).boxed().toList());
            quarter.await();
            victim.kill();
            System.out.println("kill -9 " + victim.pid() + ": " + victim
                    + " is gone; its tasks are handed on when its heart has not beaten for 4 s");

            List<Integer> napped = run.await(Duration.ofMinutes(1));
            whoDidWhat(pgflow.executor().events(run.id()), victim, survivor);
            System.out.println("results: " + napped.size() + " of " + NAPS + ", in order: "
                    + napped.equals(
                            napped.stream().sorted(Comparator.naturalOrder()).toList()));
            List<String> violations = pgflow.verify();
            System.out.println(violations.isEmpty() ? "verify: every invariant holds" : String.join("\n", violations));
        }
    }

    /** The audit knows which worker began and ended each attempt. */
    private static void whoDidWhat(List<Event> events, WorkerProcess... workers) {
        var naps =
                events.stream().filter(event -> event.itemIndex().isPresent()).toList();
        System.out.printf("%n%-22s %9s %10s %12s %6s%n", "", "claimed", "completed", "handed back", "lost");
        for (WorkerProcess worker : workers) {
            var did = naps.stream()
                    .filter(event -> event.workerId().orElse(0) == worker.workerId())
                    .toList();
            System.out.printf(
                    "%-22s %9d %10d %12d %6d%n",
                    worker,
                    count(did, event -> event.type() == EventType.TASK_STARTED),
                    count(did, event -> event.type() == EventType.TASK_COMPLETED),
                    count(did, KillAWorker::isHandedBack),
                    count(did, KillAWorker::isLost));
        }
        var recovered = naps.stream()
                .filter(KillAWorker::isLost)
                .map(event -> "nap[" + event.itemIndex().getAsInt() + "]")
                .toList();
        System.out.println("\nrecovered: " + String.join(" ", recovered));
    }

    private static long count(List<Event> events, Predicate<Event> which) {
        return events.stream().filter(which).count();
    }

    /** A worker claims a little ahead of its free slots, and gives back what it could not begin within 100 ms. */
    private static boolean isHandedBack(Event event) {
        return event.type() == EventType.TASK_RETRYING && event.detail().isEmpty();
    }

    private static boolean isLost(Event event) {
        return event.type() == EventType.TASK_RETRYING
                && event.detail().filter(error -> error.contains("PGF-RUN-020")).isPresent();
    }
}
