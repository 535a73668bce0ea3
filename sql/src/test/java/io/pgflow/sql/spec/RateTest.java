package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** From when until when the units of a rate count, and which rates they count for. */
class RateTest extends Specification {
    private Gate gate;
    private long worker;

    @BeforeEach
    void a_gate() {
        gate = new Gate(db);
    }

    @Test
    void a_step_keeps_to_each_of_its_rates() {
        rated("{\"limit\": 10, \"per\": \"PT1S\"}, {\"limit\": 15, \"per\": \"PT1H\"}");
        gate.start(40, "flow", "1");

        assertThat(gate.work(worker)).isEqualTo(10);
        db.clock("2 seconds");
        assertThat(gate.work(worker)).isEqualTo(5);
        db.clock("4 seconds");
        assertThat(gate.work(worker)).isZero();
        db.clock("61 minutes");
        assertThat(gate.work(worker)).isEqualTo(10);
    }

    @Test
    void rates_with_the_same_name_and_another_period_count_apart() {
        gate.define("fast", "\"rate\": [{\"limit\": 10, \"per\": \"PT1S\", \"name\": \"model\"}]");
        gate.define("slow", "\"rate\": [{\"limit\": 10, \"per\": \"PT1H\", \"name\": \"model\"}]");
        gate.define("other", "\"rate\": [{\"limit\": 10, \"per\": \"PT60M\", \"name\": \"model\"}]");
        worker = db.worker();
        gate.start(8, "slow", "1");
        gate.start(8, "fast", "1");
        assertThat(gate.work(worker)).isEqualTo(16);

        gate.start(8, "other", "1");
        assertThat(gate.work(worker)).isEqualTo(2);
        db.clock("2 seconds");
        gate.start(8, "fast", "1");
        assertThat(gate.work(worker)).isEqualTo(8);
        assertThat(db.texts("select key from pgflow.limits_in_use()"))
                .containsExactly("model per 1s", "model per 3600s");
    }

    @Test
    void units_count_from_the_claim_on_also_when_nobody_looked_for_long() {
        rated("{\"limit\": 1, \"per\": \"PT1H\"}");
        gate.start(1, "flow", "1");
        gate.work(worker);

        db.clock("30 minutes");
        gate.start(1, "flow", "1");
        gate.admit();
        assertThat(db.texts("select next_due_in < '31 minutes' from pgflow.admit_tasks()"))
                .containsExactly("true");
        assertThat(db.claim(worker, 1)).isEmpty();
        db.clock("61 minutes");
        assertThat(gate.work(worker)).isEqualTo(1);

        db.clock("10 hours");
        gate.start(1, "flow", "1");
        assertThat(gate.work(worker)).isEqualTo(1);
    }

    @Test
    void a_backlog_begins_as_fast_as_the_rate_lets_it_however_seldom_somebody_looks() {
        rated("{\"limit\": 3, \"per\": \"PT10S\"}");
        gate.start(12, "flow", "1");
        int begun = 0;
        for (int second = 0; second <= 31; second += 4) {
            db.clock(second + " seconds");
            begun += gate.work(worker);
        }

        assertThat(begun).isEqualTo(9);
    }

    @Test
    void who_looks_after_a_claim_notes_when_it_was_also_when_nobody_waits() {
        rated("{\"limit\": 1, \"per\": \"PT1H\"}");
        gate.start(1, "flow", "1");
        gate.work(worker);

        gate.admit();

        assertThat(db.count("select count(*) from pgflow.places")).isZero();
        assertThat(db.texts("select units || ' ' || (frees_at > now() + '59 minutes') from pgflow.used_units"))
                .containsExactly("1 true");
    }

    @Test
    void runs_that_are_removed_give_no_units_back_whether_or_not_somebody_looked_before() {
        rated("{\"limit\": 5, \"per\": \"P1D\"}");
        gate.start(2, "flow", "1");
        gate.work(worker);
        gate.admit();
        prune();
        gate.start(2, "flow", "1");
        gate.work(worker);
        prune();

        gate.start(5, "flow", "1");
        assertThat(gate.work(worker)).isEqualTo(1);
    }

    @Test
    void items_that_a_rerun_drops_give_no_units_back() {
        db.define("maps", "each* -> sum", "each", "\"rate\": [{\"limit\": 3, \"per\": \"P1D\"}]");
        worker = db.worker();
        UUID run = db.start("maps", "[1, 2]");
        assertThat(gate.work(worker)).isEqualTo(2);
        db.settle();
        db.drain(worker);
        assertThat(db.states(run)).startsWith("SUCCEEDED");

        db.rerun(run, "each");

        assertThat(gate.work(worker)).isEqualTo(1);
    }

    @Test
    void units_of_attempts_that_never_began_are_given_back_whatever_became_of_their_task() {
        rated("{\"limit\": 3, \"per\": \"P1D\"}");
        List<UUID> runs = gate.start(3, "flow", "1");
        gate.admit();
        db.cancel(runs.get(0));
        db.skip(runs.get(1), "a");
        db.rows("select * from pgflow.pause('run', ?, 'ada', null)", (Object)
                new String[] {runs.get(2).toString()});
        assertThat(db.claim(worker, 10)).isEmpty();

        gate.start(3, "flow", "1");
        assertThat(gate.work(worker)).isEqualTo(3);
    }

    @Test
    void a_rate_keeps_its_used_units_in_a_thousand_rows_at_most() {
        rated("{\"limit\": 100000, \"per\": \"PT1H\"}");
        for (int i = 0; i < 3; i++) {
            gate.start(20, "flow", "1");
            gate.work(worker);
        }
        gate.admit();

        assertThat(db.count("select sum(units) from pgflow.used_units")).isEqualTo(60);
        assertThat(db.count("select count(*) from pgflow.used_units")).isBetween(1L, 30L);
        assertThat(db.texts("select used::text from pgflow.limits_in_use()")).containsExactly("60");
    }

    private void rated(String rates) {
        gate.define("flow", "\"rate\": [" + rates + "]");
        worker = db.worker();
    }

    private void prune() {
        db.row("select * from pgflow.prune_runs('{SUCCEEDED}', '0 seconds')");
    }
}
