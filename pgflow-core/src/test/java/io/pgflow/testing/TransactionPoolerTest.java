package io.pgflow.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgflow.embedded.TestDatabases;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

class TransactionPoolerTest {

    @Test
    void many_connections_share_few_of_the_server_and_a_transaction_has_one_of_them_for_itself() throws Exception {
        assumeTrue(TransactionPooler.program().isPresent(), "NOT TESTED: PgBouncer is not installed");
        DataSource pooled = TransactionPooler.before(TestDatabases.freshDatabase());
        List<Connection> open = new ArrayList<>();
        Set<String> backends = new HashSet<>();
        try {
            for (int i = 0; i < 20; i++) {
                open.add(pooled.getConnection());
                backends.add(backend(open.get(i)));
            }
            assertThat(backends.size()).isLessThan(open.size());

            Connection first = open.get(0);
            first.setAutoCommit(false);
            String own = backend(first);
            for (Connection other : open.subList(1, open.size())) {
                assertThat(backend(other)).isNotEqualTo(own);
            }
            assertThat(backend(first)).isEqualTo(own);
            first.commit();
        } finally {
            for (Connection connection : open) {
                connection.close();
            }
        }
    }

    private static String backend(Connection connection) throws Exception {
        try (var statement = connection.createStatement();
                var row = statement.executeQuery("select pg_backend_pid()")) {
            row.next();
            return row.getString(1);
        }
    }
}
