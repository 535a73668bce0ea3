package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class EventPageTest extends Specification {
    @Test
    void events_come_in_the_order_of_their_ids_a_page_at_a_time() {
        db.define("flow", "a -> b");
        db.start("flow");
        EventReader reader = new EventReader(db, 2);

        reader.readAll();

        assertThat(reader.seen()).containsExactly("workflow_started", "task_scheduled", "task_pending");
    }

    @Test
    void an_event_that_is_committed_late_turns_up_in_its_gap() {
        db.define("flow", "a");
        Session late = session();
        late.begin();
        late.start("flow");
        db.start("flow");
        EventReader reader = new EventReader(session(), 100);
        reader.readAll();
        assertThat(reader.ids()).hasSize(2);
        late.commit();

        reader.readAll();

        assertThat(reader.ids()).hasSize(4).doesNotHaveDuplicates();
        assertThat(reader.gaps()).isZero();
    }

    /** The writer's transaction is the youngest there is, so it lies beyond the end of the reader's snapshot. */
    @Test
    void a_gap_is_not_settled_while_the_transaction_that_may_fill_it_runs() {
        db.define("flow", "a");
        Session early = session();
        early.begin();
        early.row("select pg_current_xact_id()");
        Session late = session();
        late.begin();
        late.start("flow");
        early.start("flow");
        early.commit();
        EventReader reader = new EventReader(session(), 100);
        reader.readAll();
        reader.readAll();
        assertThat(reader.gaps()).isEqualTo(1);
        late.commit();

        reader.readAll();

        assertThat(reader.ids()).hasSize(4);
    }

    @Test
    void ids_of_a_transaction_that_rolled_back_are_settled() {
        db.define("flow", "a");
        Session never = session();
        never.begin();
        never.start("flow");
        never.rollback();
        db.start("flow");
        EventReader reader = new EventReader(session(), 100);

        reader.readAll();
        reader.readAll();

        assertThat(reader.ids()).hasSize(2);
        assertThat(reader.gaps()).isZero();
    }

    @Test
    void a_reader_that_begins_now_knows_the_gaps_below_it() {
        db.define("flow", "a");
        db.start("flow");
        Session late = session();
        late.begin();
        late.start("flow");
        db.start("flow");
        EventReader reader = EventReader.fromNow(session(), 100);
        late.commit();
        db.start("flow");

        reader.readAll();

        assertThat(reader.ids()).hasSize(4);
    }

    @Test
    void with_concurrent_writers_and_rollbacks_every_event_is_seen_once_and_after_its_cause() {
        db.define("flow", "a -> b, c; b, c -> d");
        long worker = db.worker();
        List<CompletableFuture<Void>> writers = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            Session session = session();
            Random random = new Random(4711 + i);
            writers.add(
                    CompletableFuture.runAsync(() -> write(session, worker, random), task -> new Thread(task).start()));
        }
        EventReader reader = new EventReader(session(), 50);
        CompletableFuture<Void> all = CompletableFuture.allOf(writers.toArray(CompletableFuture[]::new));
        while (!all.isDone()) {
            reader.read();
        }
        all.join();
        reader.readAll();
        reader.readAll();

        assertThat(reader.ids()).doesNotHaveDuplicates();
        Set<String> missed = new HashSet<>(db.texts("select event_id from pgflow.events"));
        reader.ids().forEach(id -> missed.remove(String.valueOf(id)));
        assertThat(missed).isEmpty();
        assertThat(reader.outOfOrder()).isEmpty();
        assertThat(reader.gaps()).isZero();
        db.execute("delete from pgflow.stale_reports");
        db.rows("select * from pgflow.retire_worker(?)", worker);
        db.drain(db.worker());
    }

    private static void write(Session session, long worker, Random random) {
        for (int round = 0; round < 60; round++) {
            session.begin();
            if (random.nextInt(3) == 0) {
                session.start("flow");
            } else {
                List<Claim> claims = session.claim(worker, 1 + random.nextInt(3));
                if (!claims.isEmpty()) {
                    session.complete(worker, claims, "1");
                }
            }
            if (random.nextInt(5) == 0) {
                session.rollback();
            } else {
                session.commit();
            }
        }
    }
}
