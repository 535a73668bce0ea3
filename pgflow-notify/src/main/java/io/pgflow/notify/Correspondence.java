package io.pgflow.notify;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The statements of request and reply: two queues, and a correlation that stands in both messages. PostgreSQL puts the envelopes
 * together and takes them apart, so JSON passes through here as text. Each is a single statement, hence one transaction.
 */
final class Correspondence {
    private final Calls calls;
    private final boolean notify;
    private final String queue;

    Correspondence(Calls calls, boolean notify, String queue) {
        this.calls = calls;
        this.notify = notify;
        this.queue = Names.requestQueue(queue);
    }

    /** A request that is waiting for its answer; one without a correlation was not written by {@code request}. */
    record Request(
            long id,
            int reads,
            @Nullable String correlation,
            @Nullable String body) {}

    /** A reply: the body, or why there is none. */
    record Reply(@Nullable String body, @Nullable String error) {}

    String replies() {
        return queue + "_replies";
    }

    String requestChannel() {
        return "pgflow_requests_" + queue;
    }

    String replyChannel() {
        return "pgflow_replies_" + queue;
    }

    long ask(String correlation, String json) {
        String sql = "select sent.id, " + hint() + " from pgmq.send(?::text,"
                + " pg_catalog.jsonb_build_object('correlation', ?::text, 'body', ?::jsonb)) as sent(id)";
        return run(
                        "Requesting from ",
                        sql,
                        row -> row.getLong(1),
                        requestChannel(),
                        correlation,
                        queue,
                        correlation,
                        json)
                .orElseThrow();
    }

    Optional<Request> next(Duration visibility) {
        String sql = """
                select msg_id, read_ct, message ->> 'correlation' as correlation, (message -> 'body')::text as body
                from pgmq.read(?::text, ?::integer, 1)
                """;
        return run(
                "Reading requests of ",
                sql,
                row -> new Request(
                        row.getLong("msg_id"),
                        row.getInt("read_ct"),
                        row.getString("correlation"),
                        row.getString("body")),
                queue,
                Queues.seconds(visibility));
    }

    /** Replies only when the request is still there: nobody waits for an answer to a request that was taken back or answered. */
    void answer(Request request, String json) {
        reply(request, "'body', ?::jsonb", json);
    }

    /** The same with an error in place of the answer. */
    void fail(Request request, String error) {
        reply(request, "'error', ?::text", error.replace("\0", ""));
    }

    void takeBack(long id) {
        run("Taking back a request to ", "select pgmq.delete(?::text, ?::bigint)", row -> true, queue, id);
    }

    void setAside(long id) {
        run("Setting aside a message of ", "select pgmq.archive(?::text, ?::bigint)", row -> true, queue, id);
    }

    /** Takes the reply with this correlation out of the queue, if it is there. */
    Optional<Reply> take(String correlation) {
        String sql = """
                select (reply.message -> 'body')::text as body, reply.message ->> 'error' as error,
                    pgmq.delete(?::text, reply.msg_id)
                from pgmq.read(?::text, 1, 1, pg_catalog.jsonb_build_object('correlation', ?::text)) as reply
                """;
        return run(
                "Reading replies of ",
                sql,
                row -> new Reply(row.getString("body"), row.getString("error")),
                replies(),
                replies(),
                correlation);
    }

    /** Removes replies that nobody has fetched for an hour: their requesters are gone. */
    void sweep() {
        String sql = """
                select pgmq.delete(?::text, reply.msg_id)
                from pgmq.read(?::text, 0, 100) as reply
                where reply.enqueued_at < pg_catalog.clock_timestamp() - interval '1 hour'
                """;
        run("Sweeping replies of ", sql, row -> true, replies(), replies());
    }

    private void reply(Request request, String field, String value) {
        String sql = "select " + hint() + ", pgmq.send(?::text, pg_catalog.jsonb_build_object('correlation', ?::text, "
                + field + ")) where pgmq.delete(?::text, ?::bigint)";
        String correlation = String.valueOf(request.correlation());
        run(
                "Replying to ",
                sql,
                row -> true,
                replyChannel(),
                correlation,
                replies(),
                correlation,
                value,
                queue,
                request.id());
    }

    /** With notifications off the parameters stay the same and nobody is told. */
    private String hint() {
        return notify ? "pg_catalog.pg_notify(?, ?)" : "pg_catalog.concat(?::text, ?::text)";
    }

    @FunctionalInterface
    private interface Reading<T> {
        T from(ResultSet row) throws SQLException;
    }

    private <T> Optional<T> run(String what, String sql, Reading<T> reading, Object... parameters) {
        return calls.call(what + queue, connection -> {
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                for (int i = 0; i < parameters.length; i++) {
                    statement.setObject(i + 1, parameters[i]);
                }
                try (ResultSet row = statement.executeQuery()) {
                    return row.next() ? Optional.of(reading.from(row)) : Optional.empty();
                }
            }
        });
    }
}
