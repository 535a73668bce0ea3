package io.pgflow.notify;

import com.impossibl.postgres.jdbc.PGDriver;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Properties;

/** The optional driver: whether it is there, and a connection from an address. */
final class PgjdbcNgDriver {
    private static final String DRIVER = "com.impossibl.postgres.jdbc.PGDriver";

    private PgjdbcNgDriver() {}

    /** Opens a connection; a DataSource or an address is behind it. */
    @FunctionalInterface
    interface Opening {
        Connection open() throws SQLException;
    }

    static void require() {
        try {
            Class.forName(DRIVER, false, PgjdbcNgDriver.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new NotificationException(
                    "PGF-NTF-005",
                    "pgjdbc-ng is not on the class path; it is an optional dependency; add com.impossibl.pgjdbc-ng:pgjdbc-ng:0.8.9,"
                            + " or listen with pgjdbc, which is the default",
                    e);
        }
    }

    static Opening opening(String url, String user, String password) {
        String address = url.replaceFirst("^jdbc:postgresql:", "jdbc:pgsql:");
        return () -> {
            Properties login = new Properties();
            login.setProperty("user", user);
            login.setProperty("password", password);
            Connection connection = new PGDriver().connect(address, login);
            if (connection == null) {
                throw new SQLException(
                        "pgjdbc-ng does not understand " + address + "; it wants jdbc:pgsql://host:port/database");
            }
            return connection;
        };
    }
}
