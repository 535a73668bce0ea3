package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A run as one document. */
class ExportRunTest extends Specification {

    @Test
    void the_export_holds_the_definition_the_run_its_tasks_and_its_events() {
        db.define("map", "list -> each*");
        long worker = db.worker();
        UUID run = db.row("select pgflow.start_run('map', '5', 'key', '{\"a\": \"b\"}') as run_id")
                .uuid("run_id");
        db.complete(worker, db.claimOne(worker), "[1, 2]");
        db.drain(worker);

        assertThat(export(run, "#>> '{format}'")).isEqualTo("pgflow-run-1");
        assertThat(export(run, "#>> '{workflow,definition,name}'")).isEqualTo("map");
        assertThat(export(run, "#>> '{run,input}'")).isEqualTo("5");
        assertThat(export(run, "#>> '{run,idempotency_key}'")).isEqualTo("key");
        assertThat(export(run, "#>> '{run,state}'")).isEqualTo("SUCCEEDED");
        assertThat(db.texts(
                        "select (t ->> 'step') || (t ->> 'item') || ' ' || (t ->> 'state') from json_array_elements(pgflow.export_run(?) -> 'tasks') t",
                        run))
                .containsExactly("list0 SUCCEEDED", "each0 SUCCEEDED", "each1 SUCCEEDED", "each2 SUCCEEDED");
        assertThat(db.texts("select e ->> 'event' from json_array_elements(pgflow.export_run(?) -> 'events') e", run))
                .startsWith("workflow_started", "task_scheduled")
                .endsWith("workflow_completed")
                .hasSameSizeAs(db.history(run));
    }

    @Test
    void the_same_run_gives_the_same_text_whatever_the_time_zone_of_the_session() {
        db.define("pair", "a, b");
        long worker = db.worker();
        UUID run = db.start("pair");
        db.drain(worker);
        String text = export(run, "");

        db.execute("set timezone = 'Asia/Tokyo'");

        assertThat(export(run, "")).isEqualTo(text);
    }

    @Test
    void earlier_generations_are_exported_with_their_task() {
        db.define("single", "work");
        long worker = db.worker();
        UUID run = db.start("single");
        db.complete(worker, db.claimOne(worker), "1");
        db.rerun(run, "work");

        assertThat(export(run, "#>> '{tasks,0,past,0,output}'")).isEqualTo("1");
        assertThat(export(run, "#>> '{tasks,0,generation}'")).isEqualTo("2");
    }

    @Test
    void there_is_no_export_of_an_unknown_run() {
        assertThat(db.row("select pgflow.export_run(?) as export", UUID.randomUUID())
                        .text("export"))
                .isNull();
    }

    private String export(UUID run, String path) {
        return String.valueOf(db.row("select (pgflow.export_run(?) " + path + ")::text as export", run)
                .text("export"));
    }
}
