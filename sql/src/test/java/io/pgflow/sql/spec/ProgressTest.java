package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ProgressTest extends Specification {
    private UUID run;
    private long worker;
    private Claim claim;

    @BeforeEach
    void a_task_runs() {
        db.define("book", "write(maxAttempts 3, retryDelay PT0S)");
        run = db.start("book");
        worker = db.worker();
        claim = db.claimOne(worker);
    }

    @Test
    void parts_of_an_output_are_read_in_the_order_in_which_they_were_given() {
        emit(db, claim, "1");
        emit(db, claim, "2");
        emit(db, claim, "3");

        assertThat(chunks(0)).containsExactly("1", "2", "3");
    }

    @Test
    void a_reader_goes_on_behind_a_position() {
        emit(db, claim, "1");
        emit(db, claim, "2");
        long position = db.count("select max(position) from pgflow.progress_page(?, 0, 100)", run);
        emit(db, claim, "3");

        assertThat(chunks(position)).containsExactly("3");
        assertThat(db.texts("select chunk #>> '{}' from pgflow.progress_page(?, 0, 2)", run))
                .containsExactly("1", "2");
    }

    @Test
    void of_the_reports_of_a_task_the_newest_is_kept_and_comes_after_what_was_told_before() {
        report(claim, 0.1, "begun");
        emit(db, claim, "1");
        report(claim, 0.7, "nearly");

        assertThat(db.texts("select coalesce(chunk #>> '{}', message) from pgflow.progress_page(?, 0, 100)", run))
                .containsExactly("1", "nearly");
    }

    @Test
    void what_an_attempt_told_is_marked_when_a_later_one_has_begun_and_the_later_one_is_told_apart_by_its_fence() {
        report(claim, 0.9, "nearly");
        emit(db, claim, "1");
        db.fail(worker, claim);
        db.clock("1 minute");
        db.fire();
        Claim second = db.claimOne(worker);
        emit(db, second, "2");

        assertThat(db.texts(
                        "select step || ' ' || attempt || ' ' || fence || ' ' || replaced || ' ' || coalesce(chunk #>> '{}', message)"
                                + " from pgflow.progress_page(?, 0, 100)",
                        run))
                .containsExactly("write 1 1 true nearly", "write 1 1 true 1", "write 2 2 false 2");
    }

    @Test
    void what_is_told_under_an_old_fence_is_dropped() {
        db.clock("11 seconds");
        db.expire();
        Claim second = db.claimOne(db.worker());
        emit(db, second, "2");

        assertThat(emit(db, claim, "late")).containsExactly(1);
        report(claim, 1, "late");

        assertThat(chunks(0)).containsExactly("2");
        assertThat(db.history(run)).noneMatch(event -> event.contains("late"));
    }

    @Test
    void positions_of_a_run_become_visible_in_their_order() {
        Session first = session();
        first.begin();
        emit(first, claim, "1");
        Paused<List<Integer>> second = Paused.blocked(session(), session(), other -> emit(other, claim, "2"));
        assertThat(chunks(0)).isEmpty();

        first.commit();
        second.finish();

        assertThat(chunks(0)).containsExactly("1", "2");
    }

    @Test
    void nothing_is_locked_that_the_state_machine_needs() {
        Session telling = session();
        telling.begin();
        emit(telling, claim, "1");

        db.complete(worker, claim);

        assertThat(db.states(run)).isEqualTo("SUCCEEDED: write SUCCEEDED");
        telling.commit();
        assertThat(chunks(0)).containsExactly("1");
    }

    @Test
    void what_is_old_is_forgotten_in_bounded_steps() {
        emit(db, claim, "1");
        emit(db, claim, "2");
        report(claim, 0.5, "half");
        db.clock("61 minutes");
        emit(db, claim, "3");

        assertThat(db.texts("select pgflow.prune_progress(p_limit => 1)")).containsExactly("true");
        assertThat(db.texts("select pgflow.prune_progress()")).containsExactly("false");

        assertThat(db.texts("select chunk #>> '{}' from pgflow.progress_page(?, 0, 100)", run))
                .containsExactly("3");
    }

    private List<Integer> emit(Session session, Claim by, String chunk) {
        return tell(session, by, 0, "", "\"" + chunk + "\"");
    }

    private void report(Claim by, double fraction, String message) {
        tell(db, by, fraction, message, null);
    }

    private static List<Integer> tell(
            Session session, Claim by, double fraction, String message, @Nullable String chunk) {
        List<Claim> claims = List.of(by);
        return session.row(
                        "select pgflow.report_progress(?, ?, ?, ?, array[?::float8], array[?::text], array[null::jsonb], array[?::jsonb]) as dropped",
                        Session.ids(claims),
                        Session.steps(claims),
                        Session.items(claims),
                        Session.fences(claims),
                        fraction,
                        message,
                        chunk)
                .list("dropped", Integer.class);
    }

    private List<String> chunks(long after) {
        return db.texts(
                "select chunk #>> '{}' from pgflow.progress_page(?, ?, 100) where chunk is not null", run, after);
    }
}
