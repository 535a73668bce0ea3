package io.pgflow.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgflow.internal.signal.Signals;
import io.pgflow.internal.store.RunStore;
import io.pgflow.internal.store.StartRequest;
import io.pgflow.internal.store.Started;
import io.pgflow.internal.store.TaskStore;
import io.pgflow.internal.upkeep.Consequences;
import io.pgflow.notify.Notifications;
import io.pgflow.testing.SilentNotifications;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How concurrent starts share calls, on a store that answers when the test lets it. */
class StarterTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final BlockingQueue<List<StartRequest>> calls = new LinkedBlockingQueue<>();
    private final CountDownLatch answer = new CountDownLatch(1);
    private final Notifications silent = SilentNotifications.start();
    private final Signals signals = new Signals(silent);
    private final List<Thread> callers = new ArrayList<>();
    private final ConcurrentLinkedQueue<UUID> started = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Throwable> failed = new ConcurrentLinkedQueue<>();

    @AfterEach
    void close() {
        signals.close();
        silent.close();
    }

    @Test
    void what_gathers_while_a_call_is_on_its_way_travels_in_the_next_one() throws Exception {
        Starter starter = starter(requests -> requests);
        List<UUID> asked = new ArrayList<>();
        asked.add(startInThread(starter));
        assertThat(calls.take()).hasSize(1);
        for (int i = 0; i < 8; i++) {
            asked.add(startInThread(starter));
        }
        awaitThatAllWait();

        answer.countDown();
        join();

        assertThat(calls.take()).hasSize(8);
        assertThat(calls).isEmpty();
        assertThat(started).containsExactlyInAnyOrderElementsOf(asked);
    }

    @Test
    void a_lone_caller_waits_for_nobody() {
        answer.countDown();
        Starter starter = starter(requests -> requests);

        for (int i = 0; i < 3; i++) {
            StartRequest request = request();
            assertThat(starter.start(List.of(request), Optional.empty())).containsExactly(request.runId());
        }

        assertThat(calls).hasSize(3);
    }

    @Test
    void an_error_of_the_one_who_sends_leaves_nobody_waiting() throws Exception {
        Starter starter = starter(requests -> {
            if (requests.size() > 1) {
                throw new StackOverflowError();
            }
            return requests;
        });
        startInThread(starter);
        calls.take();
        for (int i = 0; i < 3; i++) {
            startInThread(starter);
        }
        awaitThatAllWait();

        answer.countDown();
        join();

        assertThat(started).hasSize(1);
        assertThat(failed).hasSize(3);
        assertThatThrownBy(() -> {
                    throw failed.stream()
                            .filter(RuntimeException.class::isInstance)
                            .findAny()
                            .orElseThrow();
                })
                .hasRootCauseInstanceOf(StackOverflowError.class);
        assertThat(starter.start(List.of(request()), Optional.empty())).hasSize(1);
    }

    /** Whoever has gathered a caller's start may answer it before that caller has looked whether somebody has the turn. */
    @Test
    void the_turn_is_never_lost_however_callers_and_answers_meet() throws Exception {
        answer.countDown();
        Starter starter = starter(requests -> requests);
        for (int i = 0; i < 8; i++) {
            Thread caller = new Thread(() -> {
                for (int n = 0; n < 20_000; n++) {
                    starter.start(List.of(request()), Optional.empty());
                }
            });
            caller.setDaemon(true);
            callers.add(caller);
            caller.start();
        }

        join();

        assertThat(callers).noneMatch(Thread::isAlive);
    }

    @Test
    void two_calls_of_a_thousand_starts_are_on_their_way_at_a_time() throws Exception {
        List<StartRequest> requests =
                Stream.generate(StarterTest::request).limit(4500).toList();
        var bulk = new BulkStart(starter(taken -> taken), requests, Optional.empty());
        var caller = new Thread(() -> started.addAll(bulk.run()));
        caller.start();
        assertThat(calls.take()).hasSize(1000);
        assertThat(calls.take()).hasSize(1000);
        assertThat(calls).isEmpty();

        answer.countDown();
        caller.join();

        assertThat(started)
                .containsExactlyElementsOf(
                        requests.stream().map(StartRequest::runId).toList());
        assertThat(calls).hasSize(3);
    }

    @Test
    void after_a_call_of_many_that_fails_no_other_begins() {
        answer.countDown();
        List<StartRequest> requests =
                Stream.generate(StarterTest::request).limit(9000).toList();
        var bulk = new BulkStart(
                starter(taken -> {
                    throw new IllegalStateException("no");
                }),
                requests,
                Optional.empty());

        assertThatThrownBy(bulk::run).isInstanceOf(IllegalStateException.class).hasMessage("no");

        assertThat(calls).hasSizeBetween(1, 2);
    }

    private Starter starter(UnaryOperator<List<StartRequest>> store) {
        RunStore runs = (RunStore) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {RunStore.class}, (proxy, method, arguments) -> {
                    @SuppressWarnings("unchecked")
                    var requests = (List<StartRequest>) arguments[0];
                    calls.add(requests);
                    answer.await();
                    List<StartRequest> taken = store.apply(requests);
                    return new Started(
                            taken.stream().map(StartRequest::runId).toList(),
                            taken.stream().map(request -> true).toList(),
                            Set.of(),
                            false,
                            false);
                });
        return new Starter(runs, new Consequences(nothing(TaskStore.class), signals), PATIENCE);
    }

    private UUID startInThread(Starter starter) {
        StartRequest request = request();
        var caller = new Thread(() -> started.addAll(starter.start(List.of(request), Optional.empty())));
        caller.setUncaughtExceptionHandler((thread, failure) -> failed.add(failure));
        callers.add(caller);
        caller.start();
        return request.runId();
    }

    private void awaitThatAllWait() {
        await().atMost(PATIENCE)
                .until(() -> callers.stream().allMatch(caller -> caller.getState() == Thread.State.WAITING));
    }

    private void join() throws InterruptedException {
        for (Thread caller : callers) {
            caller.join(PATIENCE.toMillis());
        }
    }

    private static StartRequest request() {
        return new StartRequest(
                UUID.randomUUID(), 1, "1", Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), 2);
    }

    /** Nobody is expected to call it. */
    private static <T> T nothing(Class<T> type) {
        return type.cast(
                Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    throw new UnsupportedOperationException(method.getName());
                }));
    }
}
