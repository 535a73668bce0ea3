package io.pgflow.sql.spec;

import java.sql.Array;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A row of a result, its columns by name. */
public record Row(Map<String, @Nullable Object> columns) {
    /** Whether there is such a column. */
    public boolean has(String column) {
        return columns.containsKey(column);
    }

    public @Nullable Object value(String column) {
        if (!columns.containsKey(column)) {
            throw new IllegalArgumentException("no column " + column + " in " + columns.keySet());
        }
        return columns.get(column);
    }

    public @Nullable String text(String column) {
        Object value = value(column);
        return value == null ? null : value.toString();
    }

    public int integer(String column) {
        return Integer.parseInt(String.valueOf(value(column)));
    }

    public long number(String column) {
        return Long.parseLong(String.valueOf(value(column)));
    }

    public boolean truth(String column) {
        return Boolean.TRUE.equals(value(column));
    }

    public UUID uuid(String column) {
        return UUID.fromString(String.valueOf(value(column)));
    }

    /** The elements of an array; none when it is null. */
    public <T> List<T> list(String column, Class<T> type) {
        Object value = value(column);
        List<T> elements = new ArrayList<>();
        if (value instanceof Object[] array) {
            Arrays.stream(array).map(type::cast).forEach(elements::add);
        }
        return elements;
    }

    static Row of(java.sql.ResultSet rows) throws SQLException {
        Map<String, @Nullable Object> columns = new LinkedHashMap<>();
        for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++) {
            Object value = rows.getObject(i);
            columns.put(rows.getMetaData().getColumnLabel(i), value instanceof Array array ? array.getArray() : value);
        }
        return new Row(columns);
    }
}
