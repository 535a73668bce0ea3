package io.pgflow;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.pgflow.embedded.TestDatabases;
import io.pgflow.sql.PgflowSchema;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Workflow;
import io.pgflow.workflow.WorkflowDefinition;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EngineTest {

    @Test
    void a_run_goes_through_its_steps_and_gives_their_result() throws Exception {
        var definition = new WorkflowDefinition(
                "greet",
                List.of(
                        StepDefinition.of("name", "greet.name"),
                        StepDefinition.of("greeting", "greet.greeting").withAfter("name")),
                Optional.of("greeting"));
        Workflow<String, String> greet = Workflow.of(
                definition,
                String.class,
                String.class,
                Map.of(
                        "greet.name",
                        (TaskHandler) in -> in.runInput(),
                        "greet.greeting",
                        in -> "\"hello " + in.output("name").substring(1)));
        var config = new HikariConfig();
        config.setDataSource(TestDatabases.freshDatabase(PgflowSchema::migrate, "pgflow"));
        config.setMaximumPoolSize(10);
        try (var pool = new HikariDataSource(config);
                var pgflow = Pgflow.on(pool).with(greet).start()) {
            var run = pgflow.executor().start(greet, "world");
            assertThat(run.await(Duration.ofSeconds(10))).isEqualTo("hello world");
            long t0 = System.nanoTime();
            for (var r : pgflow.executor()
                    .startAll(
                            greet, java.util.Collections.nCopies(10000, "x"), io.pgflow.executor.StartOptions.none())) {
                r.await(Duration.ofSeconds(100));
            }
            System.out.println("10000 2-step runs " + (System.nanoTime() - t0) / 1e6 + " ms");
            for (int i = 0; i < 5; i++) {
                long t = System.nanoTime();
                pgflow.executor().start(greet, "y").await(Duration.ofSeconds(5));
                System.out.println("one " + (System.nanoTime() - t) / 1e6);
            }
            assertThat(pgflow.verify()).isEmpty();
        }
    }
}
