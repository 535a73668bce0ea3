package io.pgflow.testkit;

import static io.pgflow.testkit.Orders.CHARGE;
import static io.pgflow.testkit.Orders.ORDER;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.executor.Run;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What docs/testing.md shows. */
@PgflowTest
class OrderTest {

    // region first
    @Test
    void a_payment_that_fails_is_tried_again_after_five_minutes(PgflowTestKit kit) {
        kit.with(ORDER).failOnce("charge");
        Run<String> run = kit.start(ORDER, 7);

        kit.runAll();
        kit.assertThat(run).running().step("charge").retrying();

        kit.advance(Duration.ofMinutes(5));
        kit.runAll();
        kit.assertThat(run).succeeded().skipped("gift").step(CHARGE).succeeded().afterAttempts(2);
    }
    // endregion

    // region ends
    @Test
    void an_order_that_cannot_be_paid_fails_after_three_attempts(PgflowTestKit kit) {
        kit.with(ORDER).failAlways("charge");
        Run<String> run = kit.start(ORDER, 7);

        kit.runToEnd(run);

        kit.assertThat(run).failedAt("charge").step("charge").afterAttempts(3);
    }
    // endregion

    // region broken
    @Test
    void a_payment_is_reported_although_the_answer_to_the_report_is_lost(PgflowTestKit kit) {
        Run<String> run = kit.start(ORDER, 7);
        kit.breakAfter(Call.COMPLETE).deliverTwice("charge");

        kit.runAll();

        kit.assertThat(run).output("paid for item 7, with null");
        kit.verify();
    }
    // endregion

    // region crash
    @Test
    void what_was_reserved_by_a_process_that_could_not_report_it_is_reserved_again(PgflowTestKit kit) {
        kit.with(ORDER).crashBefore(Call.COMPLETE);
        Run<String> run = kit.start(ORDER, 7);

        kit.runToEnd(run);

        kit.assertThat(run).succeeded();
        assertThat(kit.callsOf("reserve")).isEqualTo(2);
        kit.verify();
    }
    // endregion
}
