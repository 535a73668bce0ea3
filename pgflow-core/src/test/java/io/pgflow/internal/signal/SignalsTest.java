package io.pgflow.internal.signal;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgflow.notify.Mode;
import io.pgflow.notify.Notifications;
import io.pgflow.testing.Engines;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SignalsTest {

    @RegisterExtension
    final Engines engines = new Engines();

    @Test
    void what_this_process_says_to_others_does_not_come_back() {
        var heardHere = new CopyOnWriteArrayList<String>();
        var heardThere = new CopyOnWriteArrayList<String>();
        Signals here = listening(heardHere);
        Signals there = listening(heardThere);

        here.work(Set.of("first"));
        await().atMost(PATIENCE).until(() -> heardThere.contains("first"));
        there.work(Set.of("second"));
        await().atMost(PATIENCE).until(() -> heardHere.contains("second"));

        assertThat(heardHere).containsExactly("first", "second");
        assertThat(heardThere).containsExactly("first", "second");
    }

    @Test
    void what_somebody_says_without_a_mark_is_for_everybody() {
        var heard = new CopyOnWriteArrayList<String>();
        listening(heard);

        engines.sql("select pg_catalog.pg_notify('pgflow_tasks', 'reports')");

        await().atMost(PATIENCE).until(() -> heard.equals(List.of("reports")));
    }

    @Test
    void a_start_tells_others_by_itself_until_they_heard_much_of_late() {
        Signals signals = listening(new CopyOnWriteArrayList<>());
        int starts = 0;
        while (signals.markOfStart().isPresent() && starts < 10_000) {
            starts++; // whether or not it then schedules any work
        }

        assertThat(starts).isBetween(5, 9_999);
        await().atMost(PATIENCE).until(() -> signals.markOfStart().isPresent());
    }

    private Signals listening(List<String> heard) {
        Notifications notifications = engines.closeLater(Notifications.on(engines.pool()));
        Signals signals = engines.closeLater(new Signals(notifications));
        signals.onWork(heard::addAll);
        await().atMost(PATIENCE).until(() -> notifications.mode() == Mode.NOTIFY);
        return signals;
    }
}
