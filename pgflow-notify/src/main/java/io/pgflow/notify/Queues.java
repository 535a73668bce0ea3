package io.pgflow.notify;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;

/** The pgmq calls, written by hand with casts because pgmq overloads its names. Every one is a single statement. */
final class Queues {
    private static final int MOST = 10_000;

    private final Calls calls;
    private final boolean notify;

    Queues(Calls calls, boolean notify) {
        this.calls = calls;
        this.notify = notify;
    }

    void create(String queue) {
        Names.queue(queue);
        calls.call("Creating the queue " + queue, connection -> {
            try (PreparedStatement statement = connection.prepareStatement("select pgmq.create(?::text)")) {
                statement.setString(1, queue);
                return statement.execute();
            }
        });
    }

    long send(String queue, String channel, String json) {
        check(queue, channel);
        return calls.call(sending(queue), connection -> insert(connection, queue, channel, json));
    }

    long send(Connection connection, String queue, String channel, String json) {
        check(queue, channel);
        return Calls.callOn(connection, sending(queue), same -> insert(same, queue, channel, json));
    }

    List<Message> receive(String queue, Duration visibility, int limit) {
        Names.queue(queue);
        if (limit < 1 || limit > MOST) {
            throw argument("limit is " + limit + "; it must be from 1 to " + MOST);
        }
        int seconds = seconds(visibility);
        return calls.call("Receiving from the queue " + queue, connection -> {
            String sql = """
                    select msg_id, read_ct, enqueued_at, vt, message::text as json
                    from pgmq.read(?::text, ?::integer, ?::integer)
                    order by msg_id
                    """;
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                statement.setString(1, queue);
                statement.setInt(2, seconds);
                statement.setInt(3, limit);
                return messages(statement);
            }
        });
    }

    boolean delete(String queue, long id) {
        return remove("select pgmq.delete(?::text, ?::bigint)", "Deleting from", queue, id);
    }

    boolean archive(String queue, long id) {
        return remove("select pgmq.archive(?::text, ?::bigint)", "Archiving from", queue, id);
    }

    /** pgmq counts in whole seconds; a part of one is rounded up, so that nothing reappears too early. */
    static int seconds(Duration visibility) {
        if (visibility.isNegative() || visibility.compareTo(Duration.ofDays(30)) > 0) {
            throw argument("visibility is " + visibility + "; it must be from 0 to 30 days");
        }
        return (int) visibility.plusNanos(999_999_999).toSeconds();
    }

    private boolean remove(String sql, String verb, String queue, long id) {
        Names.queue(queue);
        return calls.call(verb + " the queue " + queue, connection -> {
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                statement.setString(1, queue);
                statement.setLong(2, id);
                try (ResultSet row = statement.executeQuery()) {
                    return row.next() && row.getBoolean(1);
                }
            }
        });
    }

    /** Message and NOTIFY in one statement: one transaction even in autocommit, and one round trip. */
    private long insert(Connection connection, String queue, String channel, String json) throws SQLException {
        String sql = notify ? """
                select sent.id, pg_catalog.pg_notify(?, sent.id::text)
                from pgmq.send(?::text, ?::jsonb) as sent(id)
                """ : """
                select sent.id, ?::text
                from pgmq.send(?::text, ?::jsonb) as sent(id)
                """;
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, channel);
            statement.setString(2, queue);
            statement.setString(3, json);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    private static List<Message> messages(PreparedStatement statement) throws SQLException {
        List<Message> messages = new ArrayList<>();
        try (ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                messages.add(new Message(
                        row.getLong("msg_id"),
                        row.getInt("read_ct"),
                        row.getObject("enqueued_at", OffsetDateTime.class).toInstant(),
                        row.getObject("vt", OffsetDateTime.class).toInstant(),
                        row.getString("json")));
            }
        }
        return List.copyOf(messages);
    }

    private static void check(String queue, String channel) {
        Names.queue(queue);
        Names.channel(channel);
    }

    private static String sending(String queue) {
        return "Sending to the queue " + queue;
    }

    private static NotificationException argument(String problem) {
        return new NotificationException("PGF-NTF-013", problem + "; change the argument");
    }
}
