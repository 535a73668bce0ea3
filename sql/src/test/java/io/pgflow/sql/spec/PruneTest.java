package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Old runs go, whole. */
class PruneTest extends Specification {
    private static final List<String> TABLES = List.of(
            "runs", "tasks", "audit", "idempotency_keys", "past_generations", "run_origins", "run_moves", "signals");

    @Test
    void a_run_goes_with_everything_that_belongs_to_it() {
        db.define("map", "list -> each*");
        long worker = db.worker();
        UUID run =
                db.row("select pgflow.start_run('map', '5', 'key') as run_id").uuid("run_id");
        db.define("map", "list -> each* -> sum");
        db.row("select * from pgflow.move_run(?, 2, 'ada', null)", run);
        db.row("select * from pgflow.move_run(?, 1, 'ada', null)", run);
        db.row("select * from pgflow.signal_run(?, 'hello')", run);
        db.complete(worker, db.claimOne(worker), "[1, 2]");
        db.failForGood(worker, db.claimOne(worker));
        db.retry(run);
        db.rerun(run, "list");
        db.drain(worker);
        db.row("select * from pgflow.start_again(?, gen_random_uuid(), null, 'ada', null)", run);
        db.drain(worker);
        db.drain(worker);
        assertThat(db.count("select count(*) from pgflow.runs where state = 'SUCCEEDED'"))
                .isEqualTo(2);

        assertThat(prune("SUCCEEDED", "-1 second")).isEqualTo(2);

        for (String table : TABLES) {
            assertThat(db.count("select count(*) from pgflow." + table))
                    .as(table)
                    .isZero();
        }
    }

    @Test
    void only_runs_that_ended_in_that_state_and_long_enough_ago_go() {
        db.define("single", "work");
        long worker = db.worker();
        UUID old = db.start("single");
        db.complete(worker, db.claimOne(worker));
        UUID failed = db.start("single");
        db.failForGood(worker, db.claimOne(worker));
        UUID open = db.start("single");
        db.clock("2 days");
        UUID fresh = db.start("single");
        db.rows("select * from pgflow.skip_tasks(array[?::uuid], '{work}', 'ada', null)", fresh);

        assertThat(prune("SUCCEEDED", "1 day")).isEqualTo(1);

        assertThat(db.texts("select run_id::text from pgflow.runs"))
                .containsExactlyInAnyOrder(failed.toString(), open.toString(), fresh.toString())
                .doesNotContain(old.toString());
        assertThatThrownBy(() -> prune("RUNNING", "1 day"))
                .isInstanceOfSatisfying(
                        SqlFailure.class, e -> assertThat(e.state()).isEqualTo("PF004"));
    }

    @Test
    void a_run_stays_while_the_run_that_started_it_goes_on() {
        db.define("inner", "work");
        db.defineJson("{\"name\": \"outer\", \"steps\": [{\"name\": \"sub\", \"workflow\": \"inner\"},"
                + " {\"name\": \"last\", \"handler\": \"outer.last\", \"after\": [\"sub\"]}]}");
        long worker = db.worker();
        db.start("outer");
        db.settle();
        new Deferring(db).complete("1", new Deferring(db).next(worker));
        db.settle();

        assertThat(prune("SUCCEEDED", "-1 second")).isZero();

        db.complete(worker, db.claimOne(worker));
        assertThat(prune("SUCCEEDED", "-1 second")).isEqualTo(2);
        assertThat(db.count("select (select count(*) from pgflow.sub_runs) + (select count(*) from pgflow.deferrals)"))
                .isZero();
    }

    @Test
    void a_key_can_start_a_run_again_when_its_run_is_gone() {
        db.define("single", "work");
        long worker = db.worker();
        UUID first = db.row("select pgflow.start_run('single', '1', 'key') as run_id")
                .uuid("run_id");
        db.drain(worker);
        prune("SUCCEEDED", "-1 second");

        UUID second = db.row("select pgflow.start_run('single', '1', 'key') as run_id")
                .uuid("run_id");

        assertThat(second).isNotEqualTo(first);
    }

    @Test
    void batches_are_bounded_and_the_next_goes_on_after_the_last() {
        db.define("single", "work");
        long worker = db.worker();
        for (int i = 0; i < 7; i++) {
            db.start("single");
        }
        db.drain(worker);
        db.start("single");

        Row first = db.row("select * from pgflow.prune_runs('{SUCCEEDED}', '-1 second', 3)");
        Row second =
                db.row("select * from pgflow.prune_runs('{SUCCEEDED}', '-1 second', 3, ?)", first.value("go_on_after"));
        Row third = db.row(
                "select * from pgflow.prune_runs('{SUCCEEDED}', '-1 second', 3, ?)", second.value("go_on_after"));
        Row last =
                db.row("select * from pgflow.prune_runs('{SUCCEEDED}', '-1 second', 3, ?)", third.value("go_on_after"));

        assertThat(List.of(
                        first.integer("pruned"),
                        second.integer("pruned"),
                        third.integer("pruned"),
                        last.integer("pruned")))
                .containsExactly(3, 3, 1, 0);
        assertThat(last.value("go_on_after")).isNull();
    }

    @Test
    void a_run_that_somebody_has_locked_stays() {
        db.define("single", "work");
        long worker = db.worker();
        UUID run = db.start("single");
        db.drain(worker);
        Session other = session();
        other.begin();
        other.row("select 1 from pgflow.runs where run_id = ? for no key update", run);

        assertThat(prune("SUCCEEDED", "-1 second")).isZero();

        other.rollback();
        assertThat(prune("SUCCEEDED", "-1 second")).isEqualTo(1);
    }

    @Test
    void all_processes_walk_through_the_runs_together_and_pause_after_the_last() {
        db.define("single", "work");
        long worker = db.worker();
        db.start("single");
        db.failForGood(worker, db.claimOne(worker));
        db.start("single");
        db.drain(worker);

        assertThat(pruneDue(db)).isEqualTo(1);
        assertThat(pruneDue(db)).isZero();
        assertThat(db.count(
                        "select extract(epoch from next_in)::int from pgflow.prune_due('{SUCCEEDED}', '{-1 second}')"))
                .isBetween(50L, 60L);
        db.clock("2 minutes");
        assertThat(db.texts("select state from pgflow.runs")).containsExactly("FAILED");
        Session other = session();
        other.begin();
        other.row("select 1 from pgflow.retention for update");
        assertThat(pruneDue(db)).isZero();
        other.rollback();
    }

    @Test
    void late_reports_go_by_their_age() {
        db.define("single", "work");
        long worker = db.worker();
        UUID run = db.start("single");
        Claim claim = db.claimOne(worker);
        db.cancel(run);
        db.complete(worker, claim);
        assertThat(db.count("select count(*) from pgflow.stale_reports")).isEqualTo(1);
        db.clock("1 hour");

        db.row("select * from pgflow.prune_due('{SUCCEEDED}', '{1 minute}')");

        assertThat(db.count("select count(*) from pgflow.stale_reports")).isZero();
    }

    @Test
    void a_reader_of_events_goes_on_over_what_is_gone() {
        db.define("single", "work");
        long worker = db.worker();
        EventReader reader = new EventReader(db, 100);
        for (int i = 0; i < 3; i++) {
            db.start("single");
        }
        reader.readAll();
        db.drain(worker);
        prune("SUCCEEDED", "-1 second");
        int seen = reader.seen().size();
        db.start("single");
        reader.readAll();
        db.start("single");
        reader.readAll();

        assertThat(reader.seen().subList(seen, reader.seen().size()))
                .containsExactly("workflow_started", "task_scheduled", "workflow_started", "task_scheduled");
        assertThat(reader.outOfOrder()).isEmpty();
        reader.read();
        assertThat(reader.gaps()).isZero();
    }

    private int prune(String state, String olderThan) {
        return db.row("select * from pgflow.prune_runs(array[?::text], ?::interval)", state, olderThan)
                .integer("pruned");
    }

    private static int pruneDue(Session session) {
        return session.row("select * from pgflow.prune_due('{SUCCEEDED}', '{-1 second}')")
                .integer("pruned");
    }
}
