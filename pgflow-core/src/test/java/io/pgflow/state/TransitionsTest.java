package io.pgflow.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.embedded.TestDatabases;
import io.pgflow.sql.PgflowSchema;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TransitionsTest {

    @Test
    void the_list_for_tasks_is_the_one_of_the_database() throws Exception {
        assertThat(Arrays.stream(TaskTransition.values()).map(move -> line(move.name(), move.from(), move.to())))
                .containsExactlyElementsOf(stored("task"));
    }

    @Test
    void the_list_for_runs_is_the_one_of_the_database() throws Exception {
        assertThat(Arrays.stream(RunTransition.values()).map(move -> line(move.name(), move.from(), move.to())))
                .containsExactlyElementsOf(stored("run"));
    }

    @Test
    void a_state_is_terminal_when_no_move_leaves_it() {
        for (TaskState state : TaskState.values()) {
            assertThat(Arrays.stream(TaskTransition.values())
                            .noneMatch(move -> move.from().equals(Optional.of(state))))
                    .as(state.name())
                    .isEqualTo(state.isTerminal());
        }
        for (RunState state : RunState.values()) {
            assertThat(Arrays.stream(RunTransition.values())
                            .noneMatch(move -> move.from().equals(Optional.of(state))))
                    .as(state.name())
                    .isEqualTo(state.isTerminal());
        }
    }

    private static String line(String name, Optional<?> from, Object to) {
        return name.toLowerCase(Locale.ROOT) + ": " + from.map(Object::toString).orElse("nothing") + " -> " + to;
    }

    private static List<String> stored(String subject) throws SQLException {
        var lines = new ArrayList<String>();
        try (var connection = TestDatabases.freshDatabase(PgflowSchema::migrate, "pgflow")
                        .getConnection();
                var select = connection.prepareStatement(
                        "select name, from_state, to_state from pgflow.transitions where subject = ? order by transition")) {
            select.setString(1, subject);
            try (var rows = select.executeQuery()) {
                while (rows.next()) {
                    lines.add(line(rows.getString(1), Optional.ofNullable(rows.getString(2)), rows.getString(3)));
                }
            }
        }
        return lines;
    }
}
