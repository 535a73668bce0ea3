package io.pgflow.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgflow.internal.store.ClaimedTask;
import io.pgflow.internal.store.TaskId;
import io.pgflow.workflow.StepDefinition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Which attempts run and which wait. The test is the thread of all handlers: it works when it says so. */
class SlotsTest {

    private static final int SLOTS = 2;
    private static final Duration AT_ONCE = Duration.ZERO;

    private final ConcurrentLinkedDeque<Runnable> called = new ConcurrentLinkedDeque<>();
    private final Workplace workplace =
            new Workplace("tester", SLOTS, 1000, null, null, new Reuse(null, null, null), called::add);
    private final Slots slots = workplace.slots();

    {
        workplace.opens(new Transactions(null, 1, 1, Duration.ofHours(1), () -> 1, called::add));
    }

    private final List<Integer> begun = new ArrayList<>();

    @Test
    void there_is_room_for_as_many_as_run_at_once_while_no_handler_has_ended() throws Exception {
        assertThat(slots.awaitRoom(AT_ONCE)).isEqualTo(SLOTS);

        slots.run(attempts(SLOTS));

        assertThat(slots.awaitRoom(AT_ONCE)).isZero();
    }

    @Test
    void no_more_threads_are_called_than_there_is_work_or_slots() {
        slots.run(attempts(1));
        slots.run(List.of());
        assertThat(called).hasSize(1);

        slots.run(attempts(9));
        slots.run(attempts(9));
        assertThat(called).hasSize(SLOTS);
    }

    @Test
    void whoever_waits_for_all_to_be_free_hears_when_what_waits_is_taken_back() throws Exception {
        slots.run(attempts(1));
        var free = new FutureTask<>(() -> slots.awaitAllFree(Duration.ofHours(1)));
        Thread waiting = new Thread(free, "waiting");
        waiting.start();
        await().until(() -> waiting.getState() == Thread.State.TIMED_WAITING);

        slots.takeBack(AT_ONCE);

        assertThat(free.get(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void a_thread_goes_on_with_what_waits_oldest_first() {
        slots.run(attempts(5));
        assertThat(slots.waiting()).isEqualTo(5);

        called.remove().run();

        assertThat(begun).containsExactly(0, 1, 2, 3, 4);
        assertThat(slots.waiting()).isZero();
        assertThat(slots.taken()).isZero();
        assertThat(workplace.reports().size()).isEqualTo(5);
    }

    @Test
    void a_thread_that_comes_calls_others_for_what_waits() {
        workplace.handlers().put("handler", in -> {
            begun.add(0);
            if (begun.size() == 1) {
                called.remove().run(); // another thread, while this handler runs
            }
            return "1";
        });
        slots.run(attemptsOnly(3));

        called.remove().run();

        assertThat(begun).hasSize(3);
        assertThat(called).isEmpty();
    }

    @Test
    void when_handlers_end_quickly_there_is_room_for_more_than_run_at_once() throws Exception {
        slots.run(attempts(2000));
        called.remove().run();

        assertThat(slots.awaitRoom(AT_ONCE)).isGreaterThan(SLOTS);
    }

    @Test
    void there_is_no_room_for_more_than_run_at_once_where_each_reads_much() throws Exception {
        slots.run(attempts(2000, "x".repeat(5_000_000), "y"));
        called.remove().run();

        assertThat(slots.awaitRoom(AT_ONCE)).isEqualTo(SLOTS);
    }

    @Test
    void outputs_of_parents_are_much_too() throws Exception {
        slots.run(attempts(2000, "x", "y".repeat(5_000_000)));
        called.remove().run();

        assertThat(slots.awaitRoom(AT_ONCE)).isEqualTo(SLOTS);
    }

    @Test
    void a_few_that_read_little_do_not_make_those_before_forgotten() throws Exception {
        slots.run(attempts(2000, "x".repeat(5_000_000), "y"));
        called.remove().run();
        slots.run(attempts(1));
        called.remove().run();

        assertThat(slots.awaitRoom(AT_ONCE)).isLessThanOrEqualTo(SLOTS + 1);

        await().until(
                        () -> { // as many of them as it takes do
                            slots.run(attempts(100));
                            called.remove().run();
                            return slots.awaitRoom(AT_ONCE) > SLOTS + 1;
                        });
    }

    @Test
    void what_an_attempt_reads_is_not_kept_until_it_is_reported() {
        Attempt attempt = attempts(1, "input", "outputs").get(0);
        assertThat(attempt.size()).isEqualTo("input".length() + "outputs".length());

        attempt.run();

        assertThat(workplace.reports().size()).isEqualTo(1);
        assertThat(attempt.size()).isZero();
    }

    @Test
    void the_time_of_an_attempt_begins_with_its_handler() {
        Attempt attempt = attempts(1).get(0);
        long muchLater = System.nanoTime() + Duration.ofDays(1000).toNanos();
        assertThat(attempt.left(muchLater)).isEqualTo(Long.MAX_VALUE);
        workplace.handlers().put("handler", in -> {
            assertThat(attempt.left(System.nanoTime()))
                    .isPositive()
                    .isLessThanOrEqualTo(
                            StepDefinition.of("step", "handler").timeout().toNanos());
            begun.add(7);
            return "1";
        });

        attempt.run();

        assertThat(begun).containsExactly(7);
    }

    @Test
    void what_was_withdrawn_never_begins_here() {
        List<Attempt> attempts = attempts(3);
        attempts.forEach(workplace.running()::add);
        slots.run(attempts);
        assertThat(workplace.withdraw(Duration.ofHours(1))).isEmpty();

        assertThat(workplace.withdraw(Duration.ZERO)).isEqualTo(RunningTasks.ids(attempts));

        called.remove().run();
        attempts.forEach(Attempt::run);
        assertThat(begun).isEmpty();
        assertThat(workplace.running().size()).isZero();
    }

    @Test
    void what_was_taken_away_while_it_waited_never_begins_and_is_not_handed_back() {
        List<Attempt> attempts = attempts(2);
        slots.run(attempts);

        assertThat(attempts.get(0).takeAway()).isTrue();

        assertThat(workplace.withdraw(Duration.ZERO))
                .containsExactly(attempts.get(1).id());
        attempts.get(0).run();
        assertThat(begun).isEmpty();
    }

    @Test
    void what_runs_is_not_withdrawn() {
        Attempt attempt = attempts(1).get(0);
        workplace.handlers().put("handler", in -> {
            begun.add(attempt.withdraw() ? 1 : 0);
            return "1";
        });

        attempt.run();

        assertThat(begun).containsExactly(0);
        assertThat(workplace.reports().size()).isEqualTo(1);
    }

    @Test
    void a_thread_that_cannot_be_had_costs_no_slot() throws Exception {
        Slots without = new Slots(SLOTS, work -> {
            throw new OutOfMemoryError("unable to create native thread");
        });

        without.run(attempts(1));

        assertThat(without.takeBack(Duration.ZERO)).hasSize(1);
        assertThat(without.awaitAllFree(AT_ONCE)).isTrue();
    }

    @Test
    void when_no_thread_was_to_be_had_there_is_no_room_for_a_while() throws Exception {
        var refusals = new AtomicInteger(1);
        Slots refused = new Slots(SLOTS, work -> {
            if (refusals.getAndDecrement() > 0) {
                throw new RejectedExecutionException("refused by the test");
            }
            called.add(work);
        });
        refused.run(attempts(1));
        refused.takeBack(Duration.ZERO);

        assertThat(refused.awaitRoom(AT_ONCE)).isZero();
        assertThat(refused.awaitRoom(Duration.ofMinutes(1))).isEqualTo(SLOTS);

        refused.run(attempts(1));
        assertThat(called).hasSize(1);
    }

    @Test
    void nor_is_there_room_ahead_when_no_thread_goes_on() throws Exception {
        var refusals = new AtomicInteger(0);
        Slots quick = new Slots(SLOTS, work -> {
            if (refusals.getAndDecrement() > 0) {
                throw new RejectedExecutionException("refused by the test");
            }
            called.add(work);
        });
        for (int i = 0; i < 100; i++) { // quick handlers, ahead of which there is room
            quick.run(attempts(1));
            called.remove().run();
        }
        assertThat(quick.awaitRoom(AT_ONCE)).isGreaterThan(SLOTS);
        refusals.set(1);
        quick.run(attempts(1));
        quick.takeBack(Duration.ZERO);

        assertThat(quick.awaitRoom(AT_ONCE)).isZero();
    }

    private List<Attempt> attempts(int count) {
        return attempts(count, "1", null);
    }

    private List<Attempt> attempts(int count, String input, @Nullable String outputs) {
        workplace.handlers().put("handler", in -> {
            begun.add(in.context().itemIndex().orElseThrow());
            return "1";
        });
        return attemptsOnly(count, input, outputs);
    }

    private List<Attempt> attemptsOnly(int count) {
        return attemptsOnly(count, "1", null);
    }

    private List<Attempt> attemptsOnly(int count, String input, @Nullable String outputs) {
        var workflow = new KnownWorkflow("flow", List.of(StepDefinition.of("step", "handler")));
        return IntStream.rangeClosed(1, count)
                .mapToObj(item -> new ClaimedTask(new TaskId(new UUID(0, 1), (short) 1, item, 1), 1, 1, input, outputs))
                .map(task -> new Attempt(task, workflow, workplace))
                .toList();
    }
}
