package io.pgflow.sql.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.sql.model.Moment.State;
import io.pgflow.sql.model.Walk.Listed;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The rules of the design, in every order in which a diamond of four steps, three workers and people can meet. */
class DiamondWalkTest {
    private static final Pattern ROW =
            Pattern.compile("\\(\\d+,\\s+'(task|run)',\\s+'(\\w+)',\\s+(?:null|'(\\w+)'),\\s+'(\\w+)',");

    /** What belongs to maps, waits, conditions, moves, replaced starts and steps before it that begin again. */
    private static final String[] NOT_IN_THE_MODEL = {
        "open", "skip_unmet", "skip_branch", "skip_deferred", "defer", "expire_pending", "skip_late_pending",
                "fall_back_pending",
        "recall_scheduled", "recall_retrying", "drop", "adopt", "set_deferred", "move", "move_delayed", "replace"
    };

    @Test
    void the_invariants_hold_at_every_moment_that_can_be_reached() {
        Walk walk = new Walk(new Rules(), list()).go();

        assertThat(walk.problems()).isEmpty();
        assertThat(walk.size()).as("moments").isGreaterThan(10_000);
        Set<String> all = list().stream().map(Listed::name).collect(Collectors.toCollection(TreeSet::new));
        all.removeAll(Set.of(NOT_IN_THE_MODEL));
        assertThat(walk.taken()).as("transitions that were made").containsExactlyElementsOf(all);
    }

    @Test
    void a_report_that_counts_without_its_fence_is_found() {
        Walk walk = new Walk(
                        new Rules() {
                            @Override
                            boolean counts(Moment m, int t, boolean fenceIsCurrent) {
                                return m.task[t] == State.RUNNING;
                            }
                        },
                        list())
                .go();

        assertThat(walk.problems()).isNotEmpty().allMatch(problem -> problem.startsWith("I6"));
    }

    @Test
    void a_report_that_counts_without_the_state_is_found() {
        Walk walk = new Walk(
                        new Rules() {
                            @Override
                            boolean counts(Moment m, int t, boolean fenceIsCurrent) {
                                return fenceIsCurrent;
                            }
                        },
                        list())
                .go();

        assertThat(walk.problems()).isNotEmpty();
    }

    @Test
    void a_join_that_is_not_counted_is_found() {
        Walk walk = new Walk(
                        new Rules() {
                            @Override
                            void countOff(Moment m, int t) {
                                if (t != 2 || m.task[1] != State.SKIPPED) {
                                    super.countOff(m, t);
                                }
                            }
                        },
                        list())
                .go();

        assertThat(walk.problems()).isNotEmpty().anyMatch(problem -> problem.startsWith("I9"));
    }

    @Test
    void a_move_that_is_not_in_the_list_is_found() {
        Set<Listed> shorter = list();
        shorter.removeIf(listed -> listed.name().equals("release"));

        assertThat(new Walk(new Rules(), shorter).go().problems())
                .isNotEmpty()
                .allMatch(problem -> problem.startsWith("I4"));
    }

    /** As it stands in the migration. */
    private static Set<Listed> list() {
        try (InputStream file = DiamondWalkTest.class.getResourceAsStream("/pgflow/migration/V002__transitions.sql")) {
            String sql = new String(Objects.requireNonNull(file).readAllBytes(), StandardCharsets.UTF_8);
            return ROW.matcher(sql).results().map(DiamondWalkTest::listed).collect(Collectors.toSet());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Listed listed(MatchResult row) {
        State from = row.group(3) == null ? State.NONE : State.valueOf(row.group(3));
        return new Listed(row.group(1), row.group(2), from, State.valueOf(row.group(4)));
    }
}
