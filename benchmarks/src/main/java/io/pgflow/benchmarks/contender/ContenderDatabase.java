package io.pgflow.benchmarks.contender;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;

/**
 * Where a contender works: a database of its own.
 *
 * @param jdbcUrl may name the user
 * @param password may be empty
 */
public record ContenderDatabase(String jdbcUrl, String user, String password) {

    /** Opens a pool of so many connections; batches of inserts travel as one statement, as every library here likes it. */
    HikariDataSource pool(String name, int connections) {
        var config = new HikariConfig();
        config.setPoolName(name);
        config.setJdbcUrl(jdbcUrl);
        config.setUsername(user);
        config.setPassword(password);
        config.setMaximumPoolSize(connections);
        config.addDataSourceProperty("reWriteBatchedInserts", "true");
        return new HikariDataSource(config);
    }
}
