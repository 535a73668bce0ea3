package io.pgflow.sql;

import static io.pgflow.sql.Sql.execute;
import static io.pgflow.sql.Sql.query;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.pgflow.embedded.TestDatabases;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

class PgmqChoiceTest {
    private static final String EXTENSION = "select extversion from pg_extension where extname = 'pgmq'";
    private static final String SEND = "select pgmq.create('q'); select pgmq.send('q', '1')";

    @Test
    void the_extension_is_taken_where_the_server_offers_it() {
        DataSource database = GenuinePgmq.freshDatabase();

        PgflowSchema.migrate(database);

        assertThat(query(database, EXTENSION)).containsExactly("1.11.1");
        execute(database, SEND);
    }

    @Test
    void the_extension_is_taken_in_an_empty_schema_too() {
        DataSource database = GenuinePgmq.freshDatabase();
        execute(database, "create schema pgmq");

        PgflowSchema.migrate(database);

        assertThat(query(database, EXTENSION)).containsExactly("1.11.1");
    }

    @Test
    void an_extension_that_is_there_keeps_its_queues() {
        DataSource database = GenuinePgmq.freshDatabase();
        execute(database, "create extension pgmq");
        execute(database, SEND);

        PgflowSchema.migrate(database);

        assertThat(query(database, "select msg_id from pgmq.read('q', 60, 9)")).containsExactly("1");
    }

    @Test
    void an_extension_that_lacks_what_newer_ones_have_is_refused_and_left_as_it_is() {
        DataSource database = GenuinePgmq.freshDatabase();
        execute(database, "create extension pgmq");
        execute(database, "alter extension pgmq drop function pgmq.send(text, jsonb, jsonb, timestamptz)");
        execute(database, "drop function pgmq.send(text, jsonb, jsonb, timestamptz)");

        assertThatThrownBy(() -> PgflowSchema.migrate(database))
                .isInstanceOfSatisfying(
                        SchemaException.class, e -> assertThat(e.code()).isEqualTo("PGF-SCH-004"))
                .hasMessageContaining("pgmq.send(text,jsonb,jsonb,timestamptz)")
                .hasMessageContaining("alter extension pgmq update");
        assertThat(query(database, EXTENSION)).containsExactly("1.11.1");
    }

    @Test
    void our_own_sql_is_taken_where_the_server_does_not_offer_the_extension() {
        DataSource database = TestDatabases.freshDatabase();
        assumeThat(query(database, "select 1 from pg_available_extensions where name = 'pgmq'"))
                .isEmpty();

        PgflowSchema.migrate(database);

        assertThat(query(database, EXTENSION)).isEmpty();
        execute(database, SEND);
    }

    @Test
    void our_own_sql_is_taken_with_a_warning_where_the_extension_may_not_be_created() throws SQLException {
        DataSource database = GenuinePgmq.freshDatabase();
        execute(database, "create role limited login");
        // A user who may create schemas, on a server that refuses the extension: here by an event trigger, elsewhere by
        // the provider.
        execute(database, """
                create function public.refuse() returns event_trigger language plpgsql
                as $$ begin raise insufficient_privilege using message = 'extensions are refused here'; end $$;
                create event trigger refuse on ddl_command_start when tag in ('CREATE EXTENSION') execute function public.refuse();
                do $$ begin execute format('grant create on database %I to limited', current_database()); end $$
                """);
        try {
            PGSimpleDataSource limited = new PGSimpleDataSource();
            limited.setUrl(((PGSimpleDataSource) database).getUrl());
            limited.setUser("limited");
            try (Connection connection = limited.getConnection();
                    Statement statement = connection.createStatement()) {
                connection.setAutoCommit(false);
                statement.execute(PgmqChoice.sql());
                assertThat(String.valueOf(statement.getWarnings())).contains("extensions are refused here");
                connection.rollback();
            }

            PgflowSchema.migrate(limited);

            assertThat(query(database, EXTENSION)).isEmpty();
            execute(limited, SEND);
        } finally {
            execute(database, "drop owned by limited cascade; drop role limited");
        }
    }
}
