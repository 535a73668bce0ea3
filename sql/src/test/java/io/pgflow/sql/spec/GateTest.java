package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who is let through the gate when many wait, and what that reads. */
class GateTest extends Specification {
    private static final String HEAVY = "\"fairBy\": {\"$from\": \"$input\", \"pointer\": \"/tenant\"},"
            + " \"rate\": [{\"limit\": 1000, \"per\": \"P1D\", \"name\": \"tokens\","
            + " \"weight\": {\"$from\": \"$input\", \"pointer\": \"/weight\"}}]";

    private Gate gate;

    @BeforeEach
    void a_gate() {
        gate = new Gate(db);
    }

    @Test
    void many_who_are_too_heavy_for_what_is_left_hide_nobody_else() {
        gate.define("heavy", HEAVY);
        gate.define("light", "\"concurrency\": [{\"limit\": 10}]");
        long worker = db.worker();
        weighing(0, 999);
        gate.work(worker);
        for (int tenant = 1; tenant <= 25; tenant++) {
            weighing(tenant, 500);
        }
        gate.start(3, "light", "1");

        admitAtMost(10);

        assertThat(db.claim(worker, 100)).hasSize(3);
    }

    @Test
    void who_is_too_heavy_keeps_those_behind_from_the_rest_of_the_limit_and_nobody_else() {
        gate.define("heavy", HEAVY);
        gate.define("both", HEAVY + ", \"concurrency\": [{\"limit\": 10}]");
        gate.define("light", "\"concurrency\": [{\"limit\": 10}]");
        long worker = db.worker();
        weighing(0, 990);
        gate.work(worker);
        for (int tenant = 1; tenant <= 25; tenant++) {
            weighing(tenant, 500);
        }
        gate.start(2, "both", "{\"tenant\": \"late\", \"weight\": 1}");
        gate.start(3, "light", "1");

        admitAtMost(10);

        assertThat(db.claim(worker, 100))
                .extracting(Claim::input)
                .containsOnly("1")
                .hasSize(3);
    }

    @Test
    void lines_that_fill_a_look_are_all_served_in_their_turns() {
        gate.define("flow", "\"concurrency\": [{\"limit\": 1, \"by\": {\"$from\": \"$input\"}}]");
        long worker = db.worker();
        for (int tenant = 1; tenant <= 25; tenant++) {
            gate.start(2, "flow", "\"" + tenant + "\"");
        }

        for (int i = 0; i < 3; i++) {
            admitAtMost(10);
        }

        assertThat(db.claim(worker, 100)).hasSize(25).extracting(Claim::input).doesNotHaveDuplicates();
    }

    @Test
    void used_units_and_lines_in_which_nobody_stands_are_not_read() {
        gate.define("flow", "\"rate\": [{\"limit\": 1000000, \"per\": \"P1D\"}]");
        db.execute("""
                insert into pgflow.gate_lines (line_key, lane, turn, queue, priority, keys, limits, periods, touched_at)
                select sha256(n::text::bytea), 'flow.a', n::text, 'default', 2, array['place flow.a ' || n], '{1}', '{null}',
                       clock_timestamp()
                from generate_series(1, 20000) n
                """);
        db.execute("""
                insert into pgflow.used_units
                select 'rate other' || n / 500 || ' per 86400s', clock_timestamp() + '1 day' + n * interval '1 second', 100
                from generate_series(1, 20000) n
                """);
        db.execute("analyze pgflow.gate_lines, pgflow.used_units");
        for (int i = 0; i < 10; i++) {
            gate.start(1, "flow", "1");
            db.settle();

            Row looked = db.row("""
                    select a.admitted,
                           (select sum(pg_stat_get_xact_tuples_fetched(c.oid) + pg_stat_get_xact_tuples_returned(c.oid))
                            from pg_class c
                            left join pg_index i on i.indexrelid = c.oid
                            where c.oid in ('pgflow.gate_lines'::regclass, 'pgflow.used_units'::regclass)
                               or i.indrelid in ('pgflow.gate_lines'::regclass, 'pgflow.used_units'::regclass)) as rows
                    from pgflow.admit_tasks() a
                    """);
            assertThat(looked.integer("admitted")).isEqualTo(1);
            assertThat(looked.number("rows")).isBetween(1L, 200L);
        }
    }

    @Test
    void lines_to_which_nobody_came_for_an_hour_are_dropped_unless_somebody_stands_in_them() {
        gate.define("flow", "\"concurrency\": [{\"limit\": 1, \"by\": {\"$from\": \"$input\"}}]");
        long worker = db.worker();
        gate.start(2, "flow", "\"a\"");
        gate.start(1, "flow", "\"b\"");
        List<Claim> claims = gate.claim(worker);
        assertThat(claims).hasSize(2);

        db.clock("2 hours");
        gate.start(1, "flow", "\"c\"");
        gate.admit();

        assertThat(db.texts("select turn from pgflow.gate_lines order by 1"))
                .containsExactly("place flow.a a", "place flow.a c");
    }

    private void weighing(int tenant, int weight) {
        db.start("heavy", "{\"tenant\": " + tenant + ", \"weight\": " + weight + "}");
    }

    private void admitAtMost(int limit) {
        db.settle();
        db.row("select * from pgflow.admit_tasks(?)", limit);
    }
}
