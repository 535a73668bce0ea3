package io.pgflow.testkit;

import static io.pgflow.testkit.Orders.ORDER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgflow.Pgflow;
import io.pgflow.embedded.TestDatabases;
import io.pgflow.executor.Run;
import io.pgflow.executor.RunFilter;
import io.pgflow.executor.StartOptions;
import io.pgflow.notify.Mode;
import java.sql.Connection;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests get what their parameters ask for, on the database that was chosen. */
class PgflowExtensionTest {

    @Nested
    @PgflowTest
    class An_annotated_class {

        private PgflowTestKit before;

        @BeforeEach
        void remember(PgflowTestKit kit) {
            before = kit;
        }

        @RepeatedTest(2)
        void has_one_kit_and_one_empty_database_for_each_test(PgflowTestKit kit, Pgflow pgflow, DataSource database)
                throws Exception {
            assertThat(kit).isSameAs(before);
            assertThat(kit.pgflow()).isSameAs(pgflow);
            assertThat(kit.dataSource()).isSameAs(database);

            Run<String> run = kit.start(ORDER, 1);
            kit.runAll();

            kit.assertThat(run).succeeded();
            assertThat(kit.pgflow().executor().list(RunFilter.all())).hasSize(1);
        }
    }

    @Nested
    class A_registered_extension {

        // region registered
        @RegisterExtension
        static final PgflowExtension PGFLOW =
                PgflowExtension.embedded().with(ORDER).settings(settings -> settings.notifications(false));
        // endregion

        @Test
        void has_the_workflows_and_settings_that_it_was_given(Pgflow pgflow, PgflowTestKit kit) {
            assertThat(pgflow.mode()).isEqualTo(Mode.OFF);
            assertThat(pgflow.worker()).isPresent();

            kit.failOnce("charge");
        }
    }

    @Nested
    class A_given_database {

        private static final DataSource GIVEN = TestDatabases.freshDatabase();

        @RegisterExtension
        static final PgflowExtension PGFLOW = PgflowExtension.on(GIVEN).with(ORDER);

        private static final Set<PgflowTestKit> KITS = new HashSet<>();

        @AfterAll
        static void drop() {
            TestDatabases.drop(GIVEN);
        }

        @RepeatedTest(2)
        void is_given_the_schema_and_keeps_what_was_done(PgflowTestKit kit) {
            KITS.add(kit);
            Run<String> run = kit.start(ORDER, 1);
            kit.runAll();

            kit.assertThat(run).succeeded();
            assertThat(kit.pgflow().executor().list(RunFilter.all())).hasSize(KITS.size());
            kit.verify();
        }
    }

    @Nested
    class A_worker_in_the_background {

        @RegisterExtension
        static final PgflowExtension PGFLOW = PgflowExtension.embedded()
                .with(ORDER)
                .settings(settings -> settings.pollInterval(Duration.ofMinutes(1)));

        @Test
        void hears_of_a_start_in_another_transaction_by_a_notification(Pgflow pgflow, PgflowTestKit kit)
                throws Exception {
            kit.runInBackground();
            kit.runAll();
            assertThat(startIn(kit, pgflow).await(Duration.ofSeconds(30))).startsWith("paid");
        }

        @Test
        void does_not_hear_of_it_when_notifications_are_lost(Pgflow pgflow, PgflowTestKit kit) throws Exception {
            kit.loseNotifications().runInBackground();
            kit.runAll();
            long before = kit.lostNotifications();
            Run<String> run = startIn(kit, pgflow);
            await().atMost(Duration.ofSeconds(60)).until(() -> kit.lostNotifications() > before);
            kit.assertThat(run).step("reserve").scheduled();

            pgflow.look();

            assertThat(run.await(Duration.ofSeconds(30))).startsWith("paid");
        }

        @Test
        void hears_of_it_again_when_that_is_healed(Pgflow pgflow, PgflowTestKit kit) throws Exception {
            kit.loseNotifications().heal().runInBackground();
            kit.runAll();
            assertThat(startIn(kit, pgflow).await(Duration.ofSeconds(30))).startsWith("paid");
        }

        private static Run<String> startIn(PgflowTestKit kit, Pgflow pgflow) throws Exception {
            try (Connection connection = kit.dataSource().getConnection()) {
                connection.setAutoCommit(false);
                Run<String> run = pgflow.executor().start(connection, ORDER, 1, StartOptions.none());
                connection.commit();
                return run;
            }
        }
    }
}
