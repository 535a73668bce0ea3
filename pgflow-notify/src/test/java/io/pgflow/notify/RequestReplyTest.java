package io.pgflow.notify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Questions and answers over two queues. */
@Timeout(120)
class RequestReplyTest {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(300);
    private static final NotificationSettings WITHOUT_POLLING =
            NotificationSettings.defaults().withPollFloor(Duration.ofHours(1)).withPollInterval(Duration.ofHours(1));

    private final Db db = Db.withQueues();
    private final List<Notifications> started = new ArrayList<>();
    private final Notifications asking = start(WITHOUT_POLLING);
    private final Notifications replying = start(WITHOUT_POLLING);

    @AfterEach
    void close() {
        started.forEach(Notifications::close);
    }

    @Test
    void a_request_gets_the_answer_of_another_process_and_leaves_nothing() {
        replying.reply("prices", json -> "{\"asked\": " + json + "}");
        assertThat(asking.request("prices", "{\"item\": 7}", LONG)).isEqualTo("{\"asked\": {\"item\": 7}}");
        assertThat(left()).isZero();
    }

    @Test
    void a_request_made_before_anybody_replies_is_answered_later() {
        CompletableFuture<String> answer = CompletableFuture.supplyAsync(() -> asking.request("prices", "1", LONG));
        awaitRequest();
        replying.reply("prices", json -> "2");
        assertThat(answer).succeedsWithin(LONG).isEqualTo("2");
    }

    @Test
    void many_at_once_each_get_their_own_answer() throws Exception {
        replying.reply("prices", json -> json);
        replying.reply("prices", json -> json);
        ExecutorService askers = Executors.newFixedThreadPool(8);
        try {
            List<CompletableFuture<String>> answers = IntStream.range(0, 100)
                    .mapToObj(i -> CompletableFuture.supplyAsync(
                            () -> asking.request("prices", String.valueOf(i), LONG), askers))
                    .toList();
            for (int i = 0; i < answers.size(); i++) {
                assertThat(answers.get(i)).succeedsWithin(LONG).isEqualTo(String.valueOf(i));
            }
        } finally {
            askers.shutdownNow();
        }
        assertThat(left()).isZero();
    }

    @Test
    void without_an_answer_it_gives_up_and_takes_the_request_back() {
        assertThatThrownBy(() -> asking.request("prices", "1", SHORT)).hasMessageContaining("PGF-NTF-011");
        assertThat(left()).isZero();
    }

    @Test
    void an_answer_that_comes_too_late_for_its_requester_is_not_even_stored() {
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger handled = new AtomicInteger();
        replying.reply("prices", json -> {
            if (json.equals("1")) {
                release.await();
            }
            handled.incrementAndGet();
            return json;
        });
        assertThatThrownBy(() -> asking.request("prices", "1", SHORT)).hasMessageContaining("PGF-NTF-011");
        release.countDown();
        assertThat(asking.request("prices", "2", LONG)).isEqualTo("2");
        assertThat(handled).hasValue(2);
        assertThat(left()).isZero();
    }

    @Test
    void a_reply_with_an_unknown_correlation_disturbs_nobody() {
        replying.reply("prices", json -> json);
        assertThat(asking.request("prices", "1", LONG)).isEqualTo("1");
        db.execute("select pgmq.send('prices_replies', '{\"correlation\": \"unknown\", \"body\": 9}'::jsonb)");
        db.notify("pgflow_replies_prices", "unknown");
        assertThat(asking.request("prices", "2", LONG)).isEqualTo("2");
        assertThat(db.number("select count(*) from pgmq.q_prices_replies")).isEqualTo(1);
    }

    @Test
    void replies_that_nobody_fetched_for_an_hour_are_swept_away() {
        asking.createQueue("prices_replies");
        db.execute("select pgmq.send('prices_replies', '{\"correlation\": \"old\", \"body\": 9}'::jsonb)");
        db.execute("update pgmq.q_prices_replies set enqueued_at = enqueued_at - interval '61 minutes'");
        db.execute("select pgmq.send('prices_replies', '{\"correlation\": \"young\", \"body\": 9}'::jsonb)");
        replying.reply("prices", json -> json);
        assertThat(asking.request("prices", "1", LONG)).isEqualTo("1");
        await().untilAsserted(() -> assertThat(db.number("select count(*) from pgmq.q_prices_replies"))
                .isEqualTo(1));
    }

    @Test
    void a_handler_that_throws_answers_with_its_error() {
        replying.reply("prices", json -> {
            throw new IllegalStateException("no such item");
        });
        assertThatThrownBy(() -> asking.request("prices", "1", LONG))
                .hasMessageContaining("PGF-NTF-012")
                .hasMessageContaining("no such item");
        assertThat(left()).isZero();
    }

    @Test
    void an_answer_that_is_not_json_is_an_error_for_the_requester() {
        replying.reply("prices", json -> "not json");
        assertThatThrownBy(() -> asking.request("prices", "1", LONG))
                .hasMessageContaining("PGF-NTF-012")
                .hasMessageContaining("PGF-NTF-010");
        assertThat(left()).isZero();
    }

    @Test
    void a_request_that_is_not_json_is_refused() {
        assertThatThrownBy(() -> asking.request("prices", "not json", LONG)).hasMessageContaining("PGF-NTF-010");
    }

    @Test
    void a_message_that_is_no_request_goes_to_the_archive() {
        replying.createQueue("prices");
        db.execute("select pgmq.send('prices', '[1, 2]'::jsonb)");
        replying.reply("prices", json -> json);
        assertThat(asking.request("prices", "1", LONG)).isEqualTo("1");
        assertThat(db.number("select count(*) from pgmq.a_prices")).isEqualTo(1);
        assertThat(left()).isZero();
    }

    @Test
    void a_request_that_no_handler_survives_is_answered_with_an_error() {
        CompletableFuture<String> answer = CompletableFuture.supplyAsync(() -> asking.request("prices", "1", LONG));
        awaitRequest();
        db.execute("update pgmq.q_prices set read_ct = 5");
        replying.reply("prices", json -> json);
        assertThat(answer).failsWithin(LONG).withThrowableThat().withMessageContaining("PGF-NTF-012");
    }

    @Test
    void it_works_without_notifications() {
        NotificationSettings off =
                NotificationSettings.defaults().withEnabled(false).withPollInterval(Duration.ofMillis(50));
        start(off).reply("prices", json -> json);
        assertThat(start(off).request("prices", "1", LONG)).isEqualTo("1");
    }

    @Test
    void a_closed_reply_answers_no_more() {
        replying.reply("prices", json -> json).close();
        assertThatThrownBy(() -> asking.request("prices", "1", SHORT)).hasMessageContaining("PGF-NTF-011");
    }

    @Test
    void closing_ends_the_wait_for_an_answer() {
        CompletableFuture<String> answer = CompletableFuture.supplyAsync(() -> asking.request("prices", "1", LONG));
        awaitRequest();
        asking.close();
        assertThat(answer).failsWithin(LONG).withThrowableThat().withMessageContaining("PGF-NTF-007");
    }

    private long left() {
        return db.number("select (select count(*) from pgmq.q_prices) + (select count(*) from pgmq.q_prices_replies)");
    }

    private void awaitRequest() {
        await().until(() -> db.number("select count(*) from pg_tables where tablename = 'q_prices'") == 1
                && db.number("select count(*) from pgmq.q_prices") == 1);
    }

    private Notifications start(NotificationSettings settings) {
        Notifications notifications = Notifications.builder(db.source())
                .listenOn(db.listening())
                .settings(settings)
                .start();
        started.add(notifications);
        return notifications;
    }
}
