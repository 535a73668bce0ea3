package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.pgflow.executor.Executor;
import io.pgflow.executor.Run;
import io.pgflow.executor.StartOptions;
import io.pgflow.service.CallFailedException;
import io.pgflow.service.CallTimeoutException;
import io.pgflow.service.Service;
import io.pgflow.state.RunState;
import io.pgflow.testing.Engines;
import io.pgflow.workflow.InvalidWorkflowException;
import io.pgflow.workflow.RegisteredHandler;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Code that is called by its name, in whatever process has it. */
@Tag("adversity")
class CallsTest {

    record Order(String article, int pieces) {}

    private static final Duration SHORT = Duration.ofMillis(200);

    @RegisterExtension
    final Engines engines = new Engines();

    private final AtomicInteger calls = new AtomicInteger();
    private final CountDownLatch open = new CountDownLatch(1);

    private final Service<Order, Integer> price = Service.of("shop.price", Order.class, Integer.class, in -> {
        calls.incrementAndGet();
        return in.input().pieces() * 7;
    });
    private final Service<String, String> slow = Service.of("slow", String.class, String.class, in -> {
        open.await(1, TimeUnit.HOURS);
        return "hello " + in.input();
    });
    private final Service<String, String> broken = Service.of("broken", String.class, String.class, in -> {
        calls.incrementAndGet();
        throw new IllegalStateException("out of paper");
    });

    @Test
    void a_service_knows_only_its_own_calls() throws Exception {
        Executor executor = working(price).executor();
        Run<Integer> priced = executor.submit(price.job(new Order("nail", 6)));
        priced.await(PATIENCE);

        assertThat(executor.result(price, priced.id())).isPresent();
        assertThat(executor.result(slow, priced.id())).isEmpty();
    }

    @Test
    void a_call_is_answered_by_another_process_that_has_the_service() throws Exception {
        working(price);
        Service<Order, Integer> known = Service.named("shop.price", Order.class, Integer.class);

        assertThat(engines.start().executor().call(known, new Order("nail", 6), PATIENCE))
                .isEqualTo(42);

        assertThat(
                        engines.sql(
                                "select service || ' ' || status || ' ' || request || ' ' || result from pgflow.service_results"))
                .containsExactly("shop.price SUCCEEDED {\"pieces\": 6, \"article\": \"nail\"} 42");
        assertThat(engines.sql("select priority from pgflow.runs")).as("high").containsExactly("1");
    }

    @Test
    void a_handler_that_was_registered_can_be_called_by_its_name() throws Exception {
        engines.closeLater(Pgflow.on(engines.pool())
                .settings(Engines.settings().build())
                .with(RegisteredHandler.of(
                        "text.upper",
                        String.class,
                        String.class,
                        in -> in.input().toUpperCase(Locale.ROOT)))
                .start());

        assertThat(engines.start()
                        .executor()
                        .call(Service.named("text.upper", String.class, String.class), "ada", PATIENCE))
                .isEqualTo("ADA");
    }

    @Test
    void a_call_that_outlives_its_time_out_goes_on_and_can_be_asked_for_later() throws Exception {
        Executor executor = working(slow).executor();

        CallTimeoutException late =
                catchThrowableOfType(CallTimeoutException.class, () -> executor.call(slow, "Ada", SHORT));

        assertThat(late.code()).isEqualTo("PGF-RUN-047");
        assertThat(executor.result(slow, late.callId()).orElseThrow().state()).isEqualTo(RunState.RUNNING);
        assertThat(executor.result(slow, late.callId()).orElseThrow().output()).isEmpty();
        open.countDown();
        await().atMost(PATIENCE)
                .until(() -> executor.result(slow, late.callId())
                        .orElseThrow()
                        .completedAt()
                        .isPresent());
        assertThat(executor.result(slow, late.callId()).orElseThrow().output()).contains("hello Ada");
        assertThat(executor.attach(slow.workflow(), late.callId()).await(PATIENCE))
                .isEqualTo("hello Ada");
        assertThat(executor.result(slow, new java.util.UUID(1, 2))).isEmpty();
    }

    @Test
    void a_call_that_nobody_can_answer_waits_for_a_process_that_can() throws Exception {
        Executor executor = engines.start().executor();

        CallTimeoutException late = catchThrowableOfType(
                CallTimeoutException.class, () -> executor.call(price, new Order("nail", 1), SHORT));
        working(price);

        assertThat(executor.attach(price.workflow(), late.callId()).await(PATIENCE))
                .isEqualTo(7);
    }

    @Test
    void a_service_that_fails_is_tried_once_and_its_error_comes_back() {
        Executor executor = working(broken).executor();

        CallFailedException failed =
                catchThrowableOfType(CallFailedException.class, () -> executor.call(broken, "x", PATIENCE));

        assertThat(failed.code()).isEqualTo(CallFailedException.FAILED);
        assertThat(failed.errorJson().orElseThrow()).contains("PGF-RUN-010").contains("out of paper");
        assertThat(calls).hasValue(1);
        assertThat(executor.result(broken, failed.callId()).orElseThrow().errorJson())
                .isEqualTo(failed.errorJson());
    }

    @Test
    void options_are_those_of_a_step() {
        Executor executor = working(broken).executor();
        Service<String, String> thrice = broken.options(
                options -> options.withRetry(options.retry().withMaxAttempts(3).withDelay(Duration.ofMillis(10))));

        assertThatThrownBy(() -> executor.call(thrice, "x", PATIENCE)).isInstanceOf(CallFailedException.class);

        assertThat(calls).hasValue(3);
        assertThatThrownBy(() -> executor.call(broken.options(options -> options.withQueue("No")), "x", PATIENCE))
                .isInstanceOf(InvalidWorkflowException.class);
    }

    @Test
    void a_cancelled_call_says_so() {
        Executor executor = working(slow).executor();
        CallTimeoutException late = catchThrowableOfType(
                CallTimeoutException.class,
                () -> executor.call(slow, "Ada", SHORT, StartOptions.none().idempotencyKey("a")));

        executor.cancel(late.callId(), "changed my mind");

        assertThatThrownBy(() ->
                        executor.call(slow, "Ada", PATIENCE, StartOptions.none().idempotencyKey("a")))
                .isInstanceOfSatisfying(
                        CallFailedException.class, e -> assertThat(e.code()).isEqualTo("PGF-RUN-049"));
    }

    @Test
    void calls_with_one_idempotency_key_are_one_call() throws Exception {
        Executor executor = working(price).executor();
        StartOptions once = StartOptions.none()
                .idempotencyKey("order-17")
                .label("tenant", "a")
                .actor("ada");

        assertThat(executor.call(price, new Order("nail", 6), PATIENCE, once)).isEqualTo(42);
        assertThat(executor.call(price, new Order("nail", 7), PATIENCE, once)).isEqualTo(42);

        assertThat(calls).hasValue(1);
        assertThat(engines.sql("select labels from pgflow.runs")).containsExactly("{\"tenant\": \"a\"}");
    }

    @Test
    void a_job_is_carried_out_without_anybody_waiting_for_it() throws Exception {
        Executor executor = working(price).executor();

        Run<Integer> job = executor.submit(price.job(new Order("nail", 2)));
        Run<Integer> later = executor.submit(
                price.job(new Order("nail", 3)), StartOptions.none().delay(Duration.ofHours(1)));

        assertThat(job.await(PATIENCE)).isEqualTo(14);
        assertThat(engines.sql(
                        "select status || ' ' || result from pgflow.jobs where type = 'shop_price' and job_id = ?",
                        job.id()))
                .containsExactly("SUCCEEDED 14");
        assertThat(engines.sql("select status from pgflow.jobs where job_id = ?", later.id()))
                .containsExactly("PENDING");
    }

    @Test
    void a_name_that_is_none_is_refused() {
        assertThatThrownBy(() -> Service.named("Shop.Price", Order.class, Integer.class))
                .isInstanceOf(InvalidWorkflowException.class)
                .hasMessageContaining("PGF-WFL-012");
        assertThatThrownBy(() -> Service.named("a".repeat(41), Order.class, Integer.class))
                .hasMessageContaining("40 characters");
    }

    private Pgflow working(Service<?, ?> service) {
        return engines.closeLater(Pgflow.on(engines.pool())
                .settings(Engines.settings().build())
                .with(service)
                .start());
    }
}
