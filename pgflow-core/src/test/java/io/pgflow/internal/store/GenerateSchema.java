package io.pgflow.internal.store;

import io.pgflow.embedded.TestDatabases;
import io.pgflow.sql.PgflowSchema;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.List;
import org.jooq.codegen.GenerationTool;
import org.jooq.meta.jaxb.Configuration;
import org.jooq.meta.jaxb.Database;
import org.jooq.meta.jaxb.ForcedType;
import org.jooq.meta.jaxb.Generate;
import org.jooq.meta.jaxb.Generator;
import org.jooq.meta.jaxb.Logging;
import org.jooq.meta.jaxb.Target;

/**
 * Writes the Java view of the functions that the store calls, from a database migrated with the SQL of this source tree.
 *
 * <p>Run it after a change of a function's signature: {@link #COMMAND}.
 */
final class GenerateSchema {

    static final String COMMAND = "mvn -pl pgflow-core -am test-compile exec:java@schema";

    /** What the store calls through jOOQ, and nothing else: what is not named here is not generated. */
    private static final List<String> USED = List.of(
            "advance_schedules",
            "backfill_schedule",
            "cancel_runs",
            "complete_deferred",
            "defer_tasks",
            "define_schedule",
            "define_workflow",
            "delete_schedule",
            "due_schedules",
            "event_page",
            "event_position",
            "expire_workers",
            "fail_deferred",
            "fail_tasks",
            "fire_deadlines",
            "fire_timers",
            "get_run",
            "heartbeat",
            "heartbeat_deferred",
            "issue_tokens",
            "list_runs",
            "list_schedules",
            "pause_schedule",
            "recover_claims",
            "refuse_schedule",
            "register_worker",
            "release_tasks",
            "resume_schedule",
            "retire_worker",
            "run_events",
            "run_results",
            "run_tasks",
            "schedule_entries",
            "server_facts",
            "settle_steps",
            "skip_tasks",
            "step_inputs",
            "trigger_schedule",
            "upkeep_due",
            "verify",
            "workflows");

    private GenerateSchema() {}

    /** One argument: the folder to write to; what it held of the package is replaced. */
    public static void main(String[] arguments) throws Exception {
        into(Path.of(arguments[0]));
    }

    static void into(Path folder) throws Exception {
        try (Connection connection =
                TestDatabases.freshDatabase(PgflowSchema::migrate, "pgflow").getConnection()) {
            GenerationTool tool = new GenerationTool();
            tool.setConnection(connection);
            tool.run(new Configuration()
                    .withLogging(Logging.WARN)
                    .withGenerator(new Generator()
                            .withDatabase(functions())
                            .withGenerate(asLittleAsPossible())
                            .withTarget(new Target()
                                    .withPackageName("io.pgflow.internal.store.schema")
                                    .withDirectory(folder.toString()))));
        }
    }

    private static Database functions() {
        return new Database()
                .withName("org.jooq.meta.postgres.PostgresDatabase")
                .withInputSchema("pgflow")
                .withIncludes(String.join("|", USED))
                .withIncludePrimaryKeys(false)
                .withIncludeUniqueKeys(false)
                .withIncludeCheckConstraints(false)
                // jOOQ has no type for it; its text form goes through a cast.
                .withForcedTypes(new ForcedType().withName("VARCHAR").withIncludeTypes("int8multirange"));
    }

    private static Generate asLittleAsPossible() {
        return new Generate()
                .withGeneratedAnnotation(false)
                .withJavadoc(false)
                .withComments(false)
                .withKeys(false)
                .withRelations(false)
                .withIndexes(false)
                .withRecords(false)
                .withPojos(false)
                .withDaos(false)
                .withRenameMethodOverrides(false)
                .withWhereMethodOverrides(false)
                .withDefaultCatalog(false)
                .withGlobalCatalogReferences(false)
                .withGlobalSchemaReferences(true)
                .withGlobalTableReferences(false)
                .withGlobalRoutineReferences(false)
                .withGlobalKeyReferences(false)
                .withGlobalIndexReferences(false)
                .withGlobalUDTReferences(false)
                .withGlobalSequenceReferences(false)
                .withGlobalDomainReferences(false);
    }
}
