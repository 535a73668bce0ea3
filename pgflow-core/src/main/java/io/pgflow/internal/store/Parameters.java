package io.pgflow.internal.store;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Fills a prepared statement from left to right, lists as parallel arrays; and reads arrays back. */
final class Parameters {

    private final PreparedStatement statement;
    private final Connection connection;
    private int position;

    Parameters(PreparedStatement statement) throws SQLException {
        this.statement = statement;
        this.connection = statement.getConnection();
    }

    Parameters number(long value) throws SQLException {
        statement.setLong(++position, value);
        return this;
    }

    Parameters number(int value) throws SQLException {
        statement.setInt(++position, value);
        return this;
    }

    Parameters uuid(UUID value) throws SQLException {
        statement.setObject(++position, value);
        return this;
    }

    Parameters text(@Nullable String value) throws SQLException {
        statement.setString(++position, value);
        return this;
    }

    /** The driver sends numbers in binary form, everything else as text. */
    Parameters array(String type, @Nullable Object[] values) throws SQLException {
        statement.setArray(++position, connection.createArrayOf(type, values));
        return this;
    }

    /** An array of nothing but nulls as null: that is a word to read instead of a thousand. */
    Parameters arrayUnlessEmpty(String type, @Nullable Object[] values) throws SQLException {
        if (Arrays.stream(values).anyMatch(Objects::nonNull)) {
            return array(type, values);
        }
        statement.setNull(++position, Types.ARRAY);
        return this;
    }

    /** Run, step, item and fence of tasks. */
    Parameters tasks(List<TaskId> tasks) throws SQLException {
        return array("uuid", Columns.runIds(tasks))
                .array("int2", Columns.steps(tasks))
                .array("int4", Columns.items(tasks))
                .array("int4", Columns.fences(tasks));
    }

    static Integer @Nullable [] integers(ResultSet row, String column) throws SQLException {
        return (Integer[]) elements(row, column);
    }

    static UUID @Nullable [] uuids(ResultSet row, String column) throws SQLException {
        return (UUID[]) elements(row, column);
    }

    static Boolean @Nullable [] booleans(ResultSet row, String column) throws SQLException {
        return (Boolean[]) elements(row, column);
    }

    static String @Nullable [] texts(ResultSet row, String column) throws SQLException {
        return (String[]) elements(row, column);
    }

    private static @Nullable Object elements(ResultSet row, String column) throws SQLException {
        Array array = row.getArray(column);
        return array == null ? null : array.getArray();
    }
}
