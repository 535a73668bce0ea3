package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import io.pgflow.executor.Run;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.Patience;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/**
 * What an application gives the engine to carry is in no line that the engine logs, at whatever level, and in no event: not when all goes
 * well, and not in what is said when something fails. What an exception of the application says, the application has said.
 */
class SecretsInLogsTest {

    private static final String CANARY = "canary" + UUID.randomUUID().toString().replace("-", "");
    private static final Map<String, Object> SECRET = Map.of("pin", CANARY);
    private static final String SECRET_JSON = "{\"pin\": \"" + CANARY + "\"}";

    record Numbered(int pin) {}

    @RegisterExtension
    final Engines engines = new Engines();

    private final Logger engine = (Logger) LoggerFactory.getLogger("io.pgflow");
    private final Lines lines = new Lines();
    private final BlockingQueue<String> tokens = new LinkedBlockingQueue<>();
    private final CountDownLatch heard = new CountDownLatch(1);

    @BeforeEach
    void listen() {
        lines.start();
        engine.setLevel(Level.TRACE);
        engine.addAppender(lines);
    }

    @AfterEach
    void stopListening() {
        engine.detachAppender(lines);
        engine.setLevel(null);
    }

    @Test
    void inputs_outputs_items_and_answers_are_not_told() throws Exception {
        Workflow<Object, Object> flow = Flow.of("flow", "first -> each*, ask; each, ask -> last")
                .step("first", in -> "[" + SECRET_JSON + "]")
                .step("ask", in -> {
                    tokens.add(in.context()
                            .defer(Patience.within(Duration.ofHours(1)))
                            .token());
                    return "null";
                })
                .step("last", in -> in.output("ask"))
                .returns("last")
                .untyped();
        Pgflow pgflow = engines.start(flow);

        Run<Object> run = pgflow.executor().start(flow, SECRET);
        pgflow.executor().deferred().complete(tokens.take(), SECRET);

        assertThat(run.await(PATIENCE)).isEqualTo(SECRET);
        assertThatNothingWasTold();
    }

    @Test
    void what_a_subscriber_fails_at_is_not_told() throws Exception {
        Workflow<Object, Object> flow = Flow.oneStep("flow", Object.class, Object.class, in -> {
            in.context().emit(SECRET);
            in.context().report(0.5, CANARY, SECRET);
            heard.await();
            return "1";
        });
        Pgflow pgflow = engines.start(flow);
        Run<Object> run = pgflow.executor().start(flow, SECRET);
        try (var subscription = pgflow.executor().progress().subscribe(run.id(), 0, told -> {
            heard.countDown();
            throw new IllegalStateException("expected by the test");
        })) {
            run.await(PATIENCE);
            await().atMost(PATIENCE).until(subscription::isClosed);
        }

        assertThat(lines.said).anyMatch(line -> line.contains("a subscriber failed"));
        assertThatNothingWasTold();
    }

    @Test
    void what_does_not_fit_its_reader_is_not_told() {
        Workflow<Object, Object> flow = Flow.of("flow", "give -> take")
                .step("give", in -> SECRET_JSON)
                .step("take", TaskHandler.of(Numbered.class, Integer.class, in -> ((Numbered) in.input()).pin()))
                .untyped();

        assertFails(flow, InvalidPayloadException.DOES_NOT_FIT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"%s", "{\"%s\"", "[1, %s]", "{\"pin\": \"%s\\u0000\"}", "\"%s\" 7"})
    void an_output_that_cannot_be_kept_is_not_told(String output) {
        assertFails(
                Flow.of("flow", "give")
                        .step("give", in -> String.format(output, CANARY))
                        .untyped(),
                "PGF-");
    }

    @Test
    void what_the_database_refuses_when_a_handlers_transaction_commits_is_not_told() {
        engines.sql("create table once (entry text unique deferrable initially deferred)");
        TaskHandler writing = TaskHandler.transactional(Object.class, String.class, (in, connection) -> {
            try (var insert = connection.prepareStatement("insert into once values (?), (?)")) {
                insert.setString(1, CANARY);
                insert.setString(2, CANARY);
                insert.executeUpdate();
            }
            return CANARY;
        });

        assertFails(Flow.of("flow", "write").step("write", writing).untyped(), "PGF-");
    }

    private void assertFails(Workflow<Object, Object> flow, String code) {
        Pgflow pgflow = engines.start(flow);
        Run<Object> run = pgflow.executor().start(flow, SECRET);

        assertThatThrownBy(() -> run.await(PATIENCE)).hasMessageContaining(code).hasMessageNotContaining(CANARY);
        assertThatNothingWasTold();
    }

    private void assertThatNothingWasTold() {
        assertThat(lines.said).isNotEmpty().noneMatch(line -> line.contains(CANARY));
        assertThat(List.of("events", "audit"))
                .flatMap(view -> engines.sql("select e::text from pgflow." + view + " e"))
                .isNotEmpty()
                .noneMatch(line -> line.contains(CANARY));
    }

    /** All that was said, with the traces that were given. */
    private static final class Lines extends AppenderBase<ILoggingEvent> {
        private final Queue<String> said = new ConcurrentLinkedQueue<>();

        @Override
        protected void append(ILoggingEvent event) {
            said.add(event.getLevel() + " " + event.getLoggerName() + " " + event.getFormattedMessage() + " "
                    + event.getMDCPropertyMap() + " "
                    + (event.getThrowableProxy() == null
                            ? ""
                            : ThrowableProxyUtil.asString(event.getThrowableProxy())));
        }
    }
}
