package io.pgflow.sql;

import static io.pgflow.sql.Sql.execute;
import static io.pgflow.sql.Sql.query;
import static org.assertj.core.api.Assertions.assertThat;

import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

class GenuinePgmqTest extends PgmqContractTest {
    @Override
    DataSource databaseWithPgmq() {
        DataSource database = GenuinePgmq.freshDatabase();
        execute(database, "create extension pgmq");
        return database;
    }

    @Test
    void it_is_the_genuine_one() {
        assertThat(query(database(), "select extversion from pg_extension where extname = 'pgmq'"))
                .containsExactly("1.11.1");
    }
}
