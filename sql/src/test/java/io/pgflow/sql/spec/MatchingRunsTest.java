package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Runs by a filter, counted before anything is done to them. */
class MatchingRunsTest extends Specification {

    @Test
    void runs_are_counted_by_state_before_anything_is_done() {
        db.define("one", "work");
        db.define("other", "work");
        long worker = db.worker();
        db.start("one");
        db.start("other");
        db.complete(worker, db.claim(worker, 1).get(0));
        UUID waiting = db.start("one");

        assertThat(count("'one', null, null, null, null")).containsExactly("RUNNING 1", "SUCCEEDED 1");
        assertThat(count("null, '{RUNNING}', null, null, null")).containsExactly("RUNNING 2");
        assertThat(ids("'one', '{RUNNING}', null, null, null")).containsExactly(waiting);
    }

    @Test
    void runs_are_found_by_label_and_by_when_they_were_created() {
        db.define("one", "work");
        UUID old = db.row("select pgflow.start_run('one', '1', p_labels => '{\"tenant\": \"a\"}') as run_id")
                .uuid("run_id");
        db.clock("1 hour");
        UUID late = db.row("select pgflow.start_run('one', '1', p_labels => '{\"tenant\": \"a\"}') as run_id")
                .uuid("run_id");
        db.start("one");

        assertThat(ids("null, null, '{\"tenant\": \"a\"}', null, null")).containsExactly(old, late);
        assertThat(ids("null, null, '{\"tenant\": \"a\"}', now() + interval '30 minutes', null"))
                .containsExactly(late);
        assertThat(ids("null, null, null, null, now() + interval '30 minutes'")).containsExactly(old);
    }

    @Test
    void pages_come_in_order_and_the_next_begins_after_the_last() {
        db.define("one", "work");
        List<UUID> started = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            started.add(db.start("one"));
        }
        started.sort(null);

        List<UUID> first = page("null", 3);
        List<UUID> second = page("'" + first.get(2) + "'", 3);

        first.addAll(second);
        assertThat(first).hasSameElementsAs(started).hasSize(5);
        assertThat(second).hasSize(2);
    }

    private List<String> count(String filter) {
        return db.texts("select state || ' ' || runs from pgflow.count_matching_runs(" + filter + ")");
    }

    private List<UUID> ids(String filter) {
        return db.row("select pgflow.matching_runs(" + filter + ", null, 100) as ids")
                .list("ids", UUID.class);
    }

    private List<UUID> page(String after, int limit) {
        return db.row("select pgflow.matching_runs(null, null, null, null, null, " + after + ", " + limit + ") as ids")
                .list("ids", UUID.class);
    }
}
