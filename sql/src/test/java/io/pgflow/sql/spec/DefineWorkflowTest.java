package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DefineWorkflowTest extends Specification {
    private static final String ONE = "{\"name\": \"one\", \"steps\": [{\"name\": \"a\", \"handler\": \"one.a\"}]}";

    @Test
    void a_queue_whose_messages_lie_in_a_partitioned_table_is_refused() {
        db.execute("create table pgmq.q_pgf2_wide (msg_id bigint) partition by range (msg_id)");

        assertThatThrownBy(() -> db.row("select pgflow.create_queue('wide')"))
                .isInstanceOfSatisfying(
                        SqlFailure.class, e -> assertThat(e.state()).isEqualTo("PF004"))
                .hasMessageContaining("partitioned");
        assertThat(db.texts("select queue from pgflow.queues")).doesNotContain("wide");
    }

    @Test
    void the_same_content_is_the_same_version_whatever_its_order_of_keys_and_white_space() {
        Row first = db.defineJson(ONE);
        Row again = db.defineJson("{ \"steps\" : [ {\"handler\":\"one.a\",\n \"name\":\"a\"} ], \"name\":\"one\" }");

        assertThat(first.integer("version")).isEqualTo(1);
        assertThat(first.truth("created")).isTrue();
        assertThat(again.truth("created")).isFalse();
        assertThat(again.number("workflow_id")).isEqualTo(first.number("workflow_id"));
    }

    @Test
    void another_content_is_the_next_version_and_the_first_one_stays_what_it_is() {
        long first = db.define("flow", "a");
        long second = db.define("flow", "a -> b");

        assertThat(second).isNotEqualTo(first);
        assertThat(db.define("flow", "a")).isEqualTo(first);
        assertThat(db.texts("select version from pgflow.workflows order by workflow_id"))
                .containsExactly("1", "2");
        assertThat(db.count("select count(*) from pgflow.steps where workflow_id = ?", first))
                .isEqualTo(1);
    }

    @Test
    void a_run_keeps_the_version_it_was_started_with() {
        db.define("flow", "a");
        var run = db.start("flow");
        db.define("flow", "b -> c");

        db.drain(db.worker());

        assertThat(db.states(run)).isEqualTo("SUCCEEDED: a SUCCEEDED");
    }

    @Test
    void steps_know_their_parents_their_dependents_and_their_defaults() {
        db.define("flow", "a -> b, c*(queue heavy, maxAttempts 7); b, c -> d");

        assertThat(
                        db.texts(
                                "select name || depends_on::text || dependents::text || queue || max_attempts || is_map || opens_maps from pgflow.steps order by step"))
                .containsExactly(
                        "a{}{2,3}default3falsetrue",
                        "b{1}{4}default3falsefalse",
                        "c{1}{4}heavy7truefalse",
                        "d{2,3}{}default3falsefalse");
        assertThat(db.texts("select sinks from pgflow.workflows")).containsExactly("1");
        assertThat(db.texts("select queue from pgflow.queues order by 1")).containsExactly("default", "heavy");
    }

    @Test
    void concurrent_definers_of_one_workflow_get_one_version() {
        List<CompletableFuture<Long>> definers = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            Session session = session();
            definers.add(CompletableFuture.supplyAsync(() -> session.define("flow", "a -> b; b -> c")));
        }

        assertThat(definers.stream().map(CompletableFuture::join).distinct()).hasSize(1);
        assertThat(db.texts("select version from pgflow.workflows")).containsExactly("1");
    }

    @Test
    void concurrent_definers_of_different_content_get_versions_without_a_gap() {
        List<CompletableFuture<Long>> definers = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            Session session = session();
            String text = "a -> b" + i;
            definers.add(CompletableFuture.supplyAsync(() -> session.define("flow", text)));
        }
        definers.forEach(CompletableFuture::join);

        assertThat(db.texts("select version from pgflow.workflows order by 1"))
                .containsExactly("1", "2", "3", "4", "5", "6", "7", "8");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "7",
                "{}",
                "{\"name\": \"x\"}",
                "{\"name\": \"x\", \"steps\": []}",
                "{\"name\": \"x\", \"steps\": 3}",
                "{\"name\": \"x\", \"steps\": [3]}",
                "{\"steps\": [{\"name\": \"a\", \"handler\": \"x.a\"}]}",
                "{\"name\": \"Not plain\", \"steps\": [{\"name\": \"a\", \"handler\": \"x.a\"}]}",
                "{\"name\": \"x\", \"steps\": [{\"name\": \"a\"}]}",
                "{\"name\": \"x\", \"steps\": [{\"handler\": \"x.a\"}]}",
                "{\"name\": \"x\", \"steps\": [{\"name\": \"A b\", \"handler\": \"x.a\"}]}",
                "{\"name\": \"x\", \"steps\": [{\"name\": \"a\", \"handler\": \"a;drop\"}]}",
                "{\"name\": \"x\", \"steps\": [{\"name\": \"a\", \"handler\": \"x.a\", \"after\": [\"a\"]}]}",
                "{\"name\": \"x\", \"steps\": [{\"name\": \"a\", \"handler\": \"x.a\", \"after\": [\"b\"]}, {\"name\": \"b\", \"handler\": \"x.b\"}]}",
                "{\"name\": \"x\", \"steps\": [{\"name\": \"a\", \"handler\": \"x.a\", \"after\": \"b\"}]}",
                "{\"name\": \"x\", \"steps\": [{\"name\": \"a\", \"handler\": \"x.a\", \"over\": \"b\"}]}",
                "{\"name\": \"x\", \"steps\": [{\"name\": \"a\", \"handler\": \"x.a\"}, {\"name\": \"a\", \"handler\": \"x.b\"}]}",
                "{\"name\": \"x\", \"returns\": \"b\", \"steps\": [{\"name\": \"a\", \"handler\": \"x.a\"}]}",
                "{\"name\": \"x\", \"steps\": [{\"name\": \"a\", \"handler\": \"x.a\", \"maxAttempts\": 0}]}",
                "{\"name\": \"x\", \"steps\": [{\"name\": \"a\", \"handler\": \"x.a\", \"maxAttempts\": 99999}]}",
                "{\"name\": \"x\", \"steps\": [{\"name\": \"a\", \"handler\": \"x.a\", \"timeout\": \"soon\"}]}",
                "{\"name\": \"x\", \"steps\": [{\"name\": \"a\", \"handler\": \"x.a\", \"timeout\": \"PT0S\"}]}",
                "{\"name\": \"x\", \"steps\": [{\"name\": \"a\", \"handler\": \"x.a\", \"retryJitter\": 2}]}",
                "{\"name\": \"x\", \"steps\": [{\"name\": \"a\", \"handler\": \"x.a\", \"queue\": \"q'; drop table x\"}]}"
            })
    void a_definition_that_could_not_run_is_refused_and_nothing_of_it_is_kept(String definition) {
        assertThatThrownBy(() -> db.defineJson(definition))
                .isInstanceOfSatisfying(
                        SqlFailure.class, e -> assertThat(e.state()).isEqualTo("PF002"));

        assertThat(db.count("select count(*) from pgflow.workflows")).isZero();
        assertThat(db.count("select count(*) from pgflow.queues")).isZero();
    }

    @Test
    void a_definition_that_is_null_is_refused_too() {
        assertThatThrownBy(() -> db.defineJson(null))
                .isInstanceOfSatisfying(
                        SqlFailure.class, e -> assertThat(e.state()).isEqualTo("PF002"));
    }
}
