package io.pgflow.testkit;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** What the kit itself asks the database, on a connection of its own, past the faults and the turnstile. */
final class Questions implements AutoCloseable {

    /** Reads one row. */
    interface Row<T> {
        T of(ResultSet row) throws SQLException;
    }

    private final DataSource database;
    private @Nullable Connection connection;
    private @Nullable Instant told;

    Questions(DataSource database) {
        this.database = database;
    }

    /** All rows, at that time. Asks once more, on another connection, when the connection has broken meanwhile. */
    synchronized <T> List<T> ask(Instant now, Row<T> row, String sql, @Nullable Object... parameters) {
        try {
            return rows(now, row, sql, parameters);
        } catch (SQLException e) {
            close();
            try {
                return rows(now, row, sql, parameters);
            } catch (SQLException again) {
                throw new IllegalStateException("the database cannot be asked: " + sql, again);
            }
        }
    }

    @Override
    public synchronized void close() {
        try (Connection last = connection) {
            if (last != null && told != null) {
                StandingClock.forget(last);
            }
        } catch (SQLException e) {
            // It was broken.
        }
        connection = null;
        told = null;
    }

    private <T> List<T> rows(Instant now, Row<T> row, String sql, @Nullable Object... parameters) throws SQLException {
        try (PreparedStatement statement = at(now).prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) {
                statement.setObject(i + 1, parameters[i]);
            }
            try (ResultSet result = statement.executeQuery()) {
                var rows = new ArrayList<T>();
                while (result.next()) {
                    rows.add(row.of(result));
                }
                return rows;
            }
        }
    }

    private Connection at(Instant now) throws SQLException {
        Connection used = connection;
        if (used == null) {
            used = database.getConnection();
            used.setAutoCommit(true);
            connection = used;
        }
        if (!now.equals(told)) {
            StandingClock.tell(used, now);
            told = now;
        }
        return used;
    }
}
