package io.pgflow.chaos;

import com.zaxxer.hikari.HikariDataSource;
import io.pgflow.Pgflow;
import io.pgflow.PgflowException;
import io.pgflow.PgflowSettings;
import io.pgflow.audit.AuditNote;
import io.pgflow.event.Event;
import io.pgflow.event.EventSubscription;
import io.pgflow.event.EventType;
import io.pgflow.executor.AwaitTimeoutException;
import io.pgflow.executor.Run;
import io.pgflow.executor.Signal;
import io.pgflow.executor.StartOptions;
import io.pgflow.schedule.ScheduleOptions;
import io.pgflow.schedule.Timing;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/** Steady work, and guests who come and go: whoever holds on to one of them grows. Itself it keeps counts only. */
final class SoakLoad implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final Duration BETWEEN_GUESTS = Duration.ofSeconds(1);
    private static final Timing NAPS = new Timing.Every(Duration.ofSeconds(15), Optional.empty());

    private final Pgflow pgflow;
    private final Supplier<HikariDataSource> pools;
    private final SoakWork work;
    private final Load load;
    private final EventSubscription counting;
    private final AtomicLong started = new AtomicLong();
    private final AtomicLong awaited = new AtomicLong();
    private final AtomicLong tasks = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicLong versions = new AtomicLong();
    private final AtomicLong engines = new AtomicLong();
    private final AtomicLong subscriptions = new AtomicLong();
    private volatile boolean over;
    private final Thread starter = new Thread(this::startRuns, "soak-starts");
    private final Thread guests = new Thread(this::receiveGuests, "soak-guests");
    private final Thread outside = new Thread(this::answer, "soak-outside");

    SoakLoad(Pgflow pgflow, Supplier<HikariDataSource> pools, SoakWork work, double perSecond) {
        this.pgflow = pgflow;
        this.pools = pools;
        this.work = work;
        load = new Load(pgflow.executor(), perSecond, 42, (run, kind) -> follow(run));
        counting = pgflow.events().subscribe(this::count);
        pgflow.executor().schedules().define("naps", work.napping(), "by schedule", NAPS, ScheduleOptions.none());
        starter.start();
        guests.start();
        outside.start();
    }

    SoakSample.Done done() {
        return new SoakSample.Done(
                started.get(),
                awaited.get(),
                tasks.get(),
                versions.get(),
                engines.get(),
                subscriptions.get(),
                refused.get() + load.refused());
    }

    /** Nothing new begins, and who waits for an answer gets one. */
    void stop() throws InterruptedException {
        pgflow.executor().schedules().delete("naps", AuditNote.by("soak", "the soak is over"));
        over = true;
        starter.join();
        guests.join();
    }

    private void startRuns() {
        try {
            while (!over) {
                load.run(System.nanoTime() + Duration.ofSeconds(1).toNanos());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void receiveGuests() {
        for (int i = 1; !over; i++) {
            try {
                receive(i);
            } catch (PgflowException e) { // seen by the verdict; the next guest comes all the same
                refused(e);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void receive(int guest) throws InterruptedException {
        talk("guest " + guest);
        if (guest % 3 == 0) {
            follow(pgflow.executor().start(work.failing(), "guest " + guest));
            startTwice("guest " + guest);
        }
        if (guest % 5 == 0) {
            follow(pgflow.executor().start(work.growing((int) versions.incrementAndGet()), "guest " + guest));
        }
        if (guest % 15 == 0) {
            anotherEngine();
        }
    }

    /** Watches a run in every way there is, and turns away before it has ended. */
    @SuppressWarnings("try") // who watches is only there
    private void talk(String input) throws InterruptedException {
        var seen = new CountDownLatch(3);
        try (var events = pgflow.events().subscribe(event -> seen.countDown());
                var hints = pgflow.notifications().listen("soak_" + input.replace(' ', '_'), message -> {})) {
            Run<String> run = pgflow.executor().start(work.talking(), input);
            follow(run);
            pgflow.executor().signal(Signal.of(run.id(), "go").withPayload("went"));
            try (var progress = pgflow.executor().progress().subscribe(run.id(), 0, told -> seen.countDown())) {
                run.result().cancel(false);
                awaitTooShort(run);
                seen.await(BETWEEN_GUESTS.toMillis(), TimeUnit.MILLISECONDS);
                subscriptions.addAndGet(3);
            }
        }
        Thread.sleep(BETWEEN_GUESTS.toMillis());
    }

    private static void awaitTooShort(Run<String> run) throws InterruptedException {
        try {
            run.await(Duration.ofMillis(1));
        } catch (AwaitTimeoutException e) {
            // It was meant to come too early.
        }
    }

    private void startTwice(String key) {
        for (int i = 0; i < 2; i++) {
            pgflow.executor().start(work.napping(), key, StartOptions.none().idempotencyKey(key));
            pgflow.executor()
                    .startOnce(work.napping(), key, StartOptions.none().onceWithin(key, Duration.ofSeconds(5)));
        }
    }

    /** One that comes, works and goes, with a pool of its own: that of the engine may be taken when it comes. */
    private void anotherEngine() throws InterruptedException {
        var settings = PgflowSettings.builder().workerName("passing").build();
        try (HikariDataSource pool = pools.get();
                Pgflow other =
                        Pgflow.on(pool).with(work.napping()).settings(settings).start()) {
            other.executor().start(work.napping(), "of another").await(PATIENCE);
        }
        engines.incrementAndGet();
    }

    /** Keeps promises to the end, so that no run waits for one. */
    private void answer() {
        try {
            while (true) {
                answer(work.tokens().take());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void answer(String token) {
        try {
            pgflow.executor().deferred().heartbeat(token);
            pgflow.executor().deferred().complete(token, "answered");
        } catch (PgflowException e) {
            refused(e);
        }
    }

    private void refused(PgflowException e) {
        System.err.println(e);
        refused.incrementAndGet();
    }

    private void follow(Run<?> run) {
        started.incrementAndGet();
        var unused = run.result().whenComplete((output, error) -> awaited.incrementAndGet());
    }

    private void count(Event event) {
        if (event.type() == EventType.TASK_COMPLETED) {
            tasks.incrementAndGet();
        }
    }

    @Override
    public void close() {
        outside.interrupt();
        counting.close();
        load.close();
    }
}
