package io.pgflow.sql;

import org.jspecify.annotations.Nullable;

/** Writes the migrations one after the other, with the history that Flyway would have kept of them. */
final class SchemaScript {
    private final StringBuilder script = new StringBuilder();
    private int rank;

    private SchemaScript() {}

    static String complete() {
        SchemaScript script = new SchemaScript();
        script.begin();
        script.add("pgflow/pgmq", PgmqChoice.sql());
        script.remember(PgmqChoice.VERSION, PgmqChoice.DESCRIPTION, "JDBC", PgmqChoice.class.getName(), "null");
        for (MigrationFile file : MigrationFile.all()) {
            script.add(file.name(), file.text());
            script.remember(
                    file.version().orElse(null),
                    file.description(),
                    "SQL",
                    file.name(),
                    String.valueOf(file.checksum()));
        }
        return script.script.append("commit;\n").toString();
    }

    private void begin() {
        script.append("""
                -- The complete schema of pgflow, for a database that has none yet: schema pgflow, and schema pgmq unless it is there.
                --
                -- One transaction. Apply it as the user that shall own the schema, for example: psql -v ON_ERROR_STOP=1 -f schema.sql

                begin;

                do $$
                begin
                    if current_setting('server_version_num')::int < %d then
                        raise exception 'pgflow needs PostgreSQL %d or newer';
                    end if;
                end;
                $$;

                create schema if not exists pgflow;

                -- The history of the schema, as the library itself would have kept it.
                create table pgflow.schema_history (
                    installed_rank  int not null,
                    version         varchar(50),
                    description     varchar(200) not null,
                    type            varchar(20) not null,
                    script          varchar(1000) not null,
                    checksum        int,
                    installed_by    varchar(100) not null,
                    installed_on    timestamp not null default now(),
                    execution_time  int not null,
                    success         boolean not null,

                    constraint schema_history_pk primary key (installed_rank)
                );

                create index schema_history_s_idx on pgflow.schema_history (success);

                """.formatted(SchemaChecks.OLDEST_SERVER * 10_000, SchemaChecks.OLDEST_SERVER));
    }

    private void add(String title, String sql) {
        script.append("-- ==== ")
                .append(title)
                .append(" ====\n\n")
                .append(sql.strip())
                .append("\n\n");
    }

    private void remember(@Nullable String version, String description, String type, String name, String sum) {
        rank++;
        String quotedVersion = version == null ? "null" : "'" + version + "'";
        script.append("insert into pgflow.schema_history\nvalues (")
                .append(rank + ", " + quotedVersion + ", '" + description + "', '" + type + "', '" + name + "', " + sum)
                .append(", current_user, default, 0, true);\n\n");
    }
}
