package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgflow.event.Event;
import io.pgflow.event.EventCursor;
import io.pgflow.event.EventSubscription;
import io.pgflow.event.EventType;
import io.pgflow.executor.Run;
import io.pgflow.executor.StartOptions;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.NonRetryableException;
import io.pgflow.workflow.Workflow;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a subscriber hears, and in which order. */
@Tag("adversity")
class EventStreamTest {

    @RegisterExtension
    final Engines engines = new Engines();

    private final List<Event> heard = new CopyOnWriteArrayList<>();

    private final Workflow<Object, Object> chain =
            Flow.of("chain", "first -> left, right -> last").returns("last").untyped();

    @Test
    void every_change_is_heard_once_and_no_effect_before_its_cause_while_many_start_and_work() throws Exception {
        Pgflow one = engines.start(chain);
        Pgflow two = engines.start(chain);
        one.events().subscribe(heard::add);

        List<CompletableFuture<Void>> starters = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Pgflow engine = i % 2 == 0 ? one : two;
            starters.add(CompletableFuture.runAsync(() -> {
                for (int n = 0; n < 50; n++) {
                    engine.executor().start(chain, n);
                }
            }));
        }
        starters.forEach(CompletableFuture::join);
        await().atMost(PATIENCE).until(() -> count(heard, EventType.WORKFLOW_COMPLETED) == 200);

        List<Event> events = List.copyOf(heard);
        assertThat(events).extracting(Event::id).doesNotHaveDuplicates();
        assertThat(events)
                .extracting(Event::id)
                .containsExactlyInAnyOrderElementsOf(engines.sql("select event_id from pgflow.events").stream()
                        .map(Long::valueOf)
                        .toList());
        assertInOrder(events);
    }

    @Test
    void the_six_names_appear() {
        Workflow<Object, Object> bad = Flow.oneStep("bad", Object.class, Object.class, in -> {
            throw new NonRetryableException("bad");
        });
        Pgflow pgflow = engines.start(chain, bad);
        pgflow.events().subscribe(heard::add);

        pgflow.executor().start(chain, null);
        pgflow.executor().start(bad, null);

        await().atMost(PATIENCE)
                .until(() -> count(heard, EventType.WORKFLOW_COMPLETED) == 1
                        && count(heard, EventType.WORKFLOW_FAILED) == 1);
        assertThat(heard)
                .extracting(Event::type)
                .contains(
                        EventType.WORKFLOW_STARTED,
                        EventType.TASK_STARTED,
                        EventType.TASK_COMPLETED,
                        EventType.TASK_FAILED,
                        EventType.WORKFLOW_COMPLETED,
                        EventType.WORKFLOW_FAILED);
        assertThat(engines.sql("select distinct event from pgflow.events e join pgflow.transitions using (transition)"))
                .contains(
                        "workflow_started",
                        "task_started",
                        "task_completed",
                        "task_failed",
                        "workflow_completed",
                        "workflow_failed");
    }

    @Test
    void what_commits_late_is_heard_when_it_commits_and_a_cursor_of_before_still_finds_it() throws Exception {
        Pgflow pgflow = engines.start(chain);
        EventSubscription subscription = pgflow.events().subscribe(heard::add);
        try (Connection connection = engines.database().getConnection()) {
            connection.setAutoCommit(false);
            Run<Object> late = pgflow.executor().start(connection, chain, "late", StartOptions.none());
            for (int i = 0; i < 5; i++) {
                pgflow.executor().start(chain, i).await(PATIENCE);
            }
            await().atMost(PATIENCE).until(() -> count(heard, EventType.WORKFLOW_COMPLETED) == 5);
            subscription.close();
            EventCursor kept = EventCursor.parse(subscription.cursor().toString());
            assertThat(kept).isEqualTo(subscription.cursor());
            assertThat(heard).noneMatch(event -> event.runId().equals(late.id()));

            connection.commit();
            late.await(PATIENCE);
            pgflow.events().subscribe(kept, heard::add);

            await().atMost(PATIENCE).until(() -> count(heard, EventType.WORKFLOW_COMPLETED) == 6);
        }
        assertThat(heard).extracting(Event::id).doesNotHaveDuplicates();
        assertThat(heard)
                .extracting(event -> String.valueOf(event.id()))
                .containsExactlyInAnyOrderElementsOf(engines.sql("select event_id::text from pgflow.events"));
    }

    @Test
    void a_reader_that_goes_on_from_a_kept_cursor_misses_nothing_and_repeats_at_most_the_last_page() throws Exception {
        Pgflow pgflow = engines.start(chain);
        var stop = new AtomicInteger(37);
        var cursor = new CompletableFuture<EventCursor>();
        var self = new CompletableFuture<EventSubscription>();
        EventSubscription first = pgflow.events().subscribe(EventCursor.start(), event -> {
            heard.add(event);
            if (stop.decrementAndGet() == 0) {
                EventSubscription me = self.join();
                me.close();
                cursor.complete(me.cursor());
            }
        });
        self.complete(first);
        for (int i = 0; i < 20; i++) {
            pgflow.executor().start(chain, i).await(PATIENCE);
        }
        EventCursor kept = cursor.join();
        List<Event> before = List.copyOf(heard);
        assertThat(before).as("nothing is heard after closing").hasSize(37);

        heard.clear();
        pgflow.events().subscribe(EventCursor.parse(kept.toString()), heard::add);
        await().atMost(PATIENCE).until(() -> heard.stream().anyMatch(event -> event.id() == lastId()));

        List<Long> all = new ArrayList<>(before.stream().map(Event::id).toList());
        all.addAll(heard.stream().map(Event::id).toList());
        assertThat(all.stream().distinct().sorted().map(String::valueOf).toList())
                .isEqualTo(engines.sql("select event_id from pgflow.events order by 1"));
        assertThat(heard).extracting(Event::id).doesNotHaveDuplicates();
    }

    @Test
    void a_subscriber_that_throws_gets_the_next_event_and_disturbs_no_other() {
        Pgflow pgflow = engines.start(chain);
        var calls = new AtomicInteger();
        pgflow.events().subscribe(event -> {
            if (calls.incrementAndGet() % 2 == 0) {
                throw new AssertionError("expected by the test");
            }
            Thread.currentThread().interrupt();
            throw new IllegalStateException("expected by the test");
        });
        pgflow.events().subscribe(heard::add);

        pgflow.executor().start(chain, null);

        await().atMost(PATIENCE).until(() -> count(heard, EventType.WORKFLOW_COMPLETED) == 1);
        await().atMost(PATIENCE).until(() -> calls.get() == heard.size());
        pgflow.executor().start(chain, null);
        await().atMost(PATIENCE).until(() -> count(heard, EventType.WORKFLOW_COMPLETED) == 2);
        await().atMost(PATIENCE).until(() -> calls.get() == heard.size());
    }

    @Test
    void a_slow_subscriber_delays_only_itself() throws Exception {
        Pgflow pgflow = engines.start(chain);
        var goOn = new CountDownLatch(1);
        List<Event> slow = Collections.synchronizedList(new ArrayList<>());
        pgflow.events().subscribe(event -> {
            try {
                goOn.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            slow.add(event);
        });
        pgflow.events().subscribe(heard::add);

        pgflow.executor().start(chain, null).await(PATIENCE);
        await().atMost(PATIENCE).until(() -> count(heard, EventType.WORKFLOW_COMPLETED) == 1);
        assertThat(slow).isEmpty();
        goOn.countDown();

        await().atMost(PATIENCE).until(() -> slow.size() == heard.size());
        assertThat(slow).isEqualTo(heard);
    }

    @Test
    void what_is_no_cursor_is_refused() {
        assertThatThrownBy(() -> EventCursor.parse("12;x")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> EventCursor.parse("")).isInstanceOf(IllegalArgumentException.class);
    }

    private long lastId() {
        return Long.parseLong(
                engines.sql("select max(event_id) from pgflow.events").get(0));
    }

    private static long count(List<Event> events, EventType type) {
        return List.copyOf(events).stream()
                .filter(event -> event.type() == type)
                .count();
    }

    /** Of one task in the order of its numbers; a step after its parents, the end of a run after its last step. */
    private static void assertInOrder(List<Event> events) {
        Map<String, Integer> seq = new HashMap<>();
        Map<String, Integer> at = new HashMap<>();
        for (int i = 0; i < events.size(); i++) {
            Event event = events.get(i);
            String subject = event.runId() + event.step().orElse("");
            assertThat(event.seq()).as(event.toString()).isEqualTo(seq.merge(subject, 1, Integer::sum));
            at.put(subject + event.type(), i);
        }
        events.stream()
                .map(Event::runId)
                .distinct()
                .forEach(run -> assertThat(List.of(
                                at.get(run + "" + EventType.WORKFLOW_STARTED),
                                at.get(run + "first" + EventType.TASK_COMPLETED),
                                at.get(run + "left" + EventType.TASK_SCHEDULED),
                                at.get(run + "left" + EventType.TASK_COMPLETED),
                                at.get(run + "last" + EventType.TASK_SCHEDULED),
                                at.get(run + "last" + EventType.TASK_COMPLETED),
                                at.get(run + "" + EventType.WORKFLOW_COMPLETED)))
                        .isSorted());
    }
}
