package io.pgflow.examples;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ExamplesTest {

    @Test
    void the_program_of_the_readme_prints_the_receipt() throws Exception {
        assertThat(Printed.by(() -> Checkout.main(new String[0])))
                .contains("Receipt[payment=paid 4200 cents, labels=[label of book, label of lamp]]");
    }

    @Test
    void a_workflow_read_from_a_document_runs_and_a_bad_document_is_refused_with_all_its_problems() throws Exception {
        assertThat(Printed.by(() -> RuntimeFlow.main(new String[0])))
                .contains("Shipping costs 1200 cents.")
                .contains("PGF-WFL-012 at /steps/1/handler")
                .contains("did you mean \"parcels\"?");
    }

    @Test
    void somebody_outside_finishes_a_step_with_its_token() throws Exception {
        assertThat(Printed.by(() -> Courier.main(new String[0])))
                .contains("on the way: APPLIED", "delivered: APPLIED", "once more, to be sure: REPEATED")
                .contains("signed by Ada", "deliver: TASK_STARTED", "deliver: TASK_COMPLETED");
    }

    @Test
    void a_workflow_runs_another_one_for_each_item() throws Exception {
        assertThat(Printed.by(() -> Nested.main(new String[0])))
                .contains("[a cherry cake, a lemon cake, a plum cake]")
                .contains("started by a task of cakes: \"a plum cake\"");
    }

    @Test
    void a_step_that_writes_in_the_transaction_of_its_completion_writes_once() throws Exception {
        assertThat(Printed.by(() -> Ledger.main(new String[0]))).contains("entries: 1, cents: 90000");
    }

    @Test
    void what_was_done_is_undone_when_the_rest_fails() throws Exception {
        assertThat(Printed.by(() -> MoneyTransfer.main(new String[0])))
                .contains("the transfer to nobody failed", "it is undone")
                .contains("ada has 700 cents", "bob has 300 cents");
    }

    @Test
    void a_step_gives_parts_of_its_output_while_it_works() throws Exception {
        assertThat(Printed.by(() -> Streaming.main(new String[0])))
                .contains("part of write: \"rose\"")
                .contains("100 %: word 5 of 5");
    }

    @Test
    void a_cached_output_is_used_again() throws Exception {
        assertThat(Printed.by(() -> Prices.main(new String[0])))
                .contains("eve pays 1006")
                .contains("the supplier was asked 1 times");
    }

    @Test
    void schedules_tick_and_do_what_a_person_asks() throws Exception {
        assertThat(Printed.by(() -> Timetable.main(new String[0])))
                .contains("report of heartbeat")
                .contains("nights filled in: 5")
                .contains("heartbeat is paused")
                .containsPattern("nightly ticks next at \\[20")
                .contains("PAUSED: that will do");
    }

    @Test
    void a_service_answers_in_time_or_later() throws Exception {
        assertThat(Printed.by(() -> CallAService.main(new String[0])))
                .contains("the parcel costs 2220")
                .contains("the archive is RUNNING")
                .contains("archived 2026")
                .contains("the job gives 1230");
    }

    @Test
    void a_run_that_failed_goes_on_when_its_cause_is_mended() throws Exception {
        assertThat(Printed.by(() -> MendARun.main(new String[0])))
                .contains("the run failed")
                .contains("why is there no letter: its run has ended: FAILED; retry_runs lets it go on")
                .contains("retry: DONE")
                .contains("sent: [label of book, label of lamp, label of vase]")
                .contains("generation 2 by ada");
    }

    @Test
    void people_approve_goods_rest_and_a_signal_that_came_early_is_there_when_it_is_awaited() throws Exception {
        assertThat(Printed.by(() -> Purchase.main(new String[0])))
                .contains("ada: NOT_ALLOWED", "bob: VOTED", "eve: DECIDED")
                .contains("lamp: released by [bob, eve], brought by the post");
    }

    @Test
    void killing_a_worker_process_loses_nothing() throws Exception {
        assertThat(Printed.by(() -> KillAWorker.main(new String[0])))
                .containsPattern("recovered: nap\\[\\d+]")
                .contains("results: 400 of 400, in order: true")
                .contains("verify: every invariant holds");
    }
}
