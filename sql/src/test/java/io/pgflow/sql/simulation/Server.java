package io.pgflow.sql.simulation;

import io.pgflow.sql.spec.Row;
import io.pgflow.sql.spec.Session;
import io.pgflow.sql.spec.SqlFailure;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The server as the processes reach it: each call is a transaction, and may go wrong. The server's time is told to it before each call. */
final class Server implements AutoCloseable {
    private final Session session;
    private final SimulatedClock clock;
    private final Faults faults;
    private final History history;
    private long toldTime = -1;
    private int calls;
    private boolean failed;

    Server(Session session, SimulatedClock clock, Faults faults, History history) {
        this.session = session;
        this.clock = clock;
        this.faults = faults;
        this.history = history;
    }

    /**
     * One call of one function.
     *
     * @param what is said in the history
     * @throws Unanswered when no answer came; it may be done
     */
    List<Row> call(String who, String what, String sql, @Nullable Object... parameters) {
        Supplier<List<Row>> statement = () -> session.rows(sql, parameters);
        return send(who, what, statement, statement);
    }

    /** Several statements in one transaction, which is rolled back when they give no rows. */
    List<Row> transaction(String who, String what, Supplier<List<Row>> statements) {
        return send(who, what, statements, () -> inTransaction(statements, true));
    }

    private List<Row> send(String who, String what, Supplier<List<Row>> statements, Supplier<List<Row>> committed) {
        Optional<Fault> fault = faults.ofCall();
        calls++;
        failed = fault.isPresent();
        tellTime();
        try {
            List<Row> answer = List.of();
            if (fault.isEmpty() || fault.get() == Fault.ANSWER_LOST) {
                answer = committed.get();
            } else if (fault.get() == Fault.ROLLED_BACK) {
                inTransaction(statements, false);
            }
            history.say(who, what + " -> " + (failed ? fault.get() : history.words(answer)));
            if (failed) {
                throw new Unanswered(what);
            }
            return answer;
        } catch (SqlFailure e) {
            history.say(who, what + " -> " + e.state() + " " + e.getMessage());
            throw e;
        }
    }

    private List<Row> inTransaction(Supplier<List<Row>> statements, boolean mayCommit) {
        session.begin();
        boolean ended = false;
        try {
            List<Row> rows = statements.get();
            if (mayCommit && !rows.isEmpty()) {
                session.commit();
                ended = true;
            }
            return rows;
        } finally {
            if (!ended) {
                session.rollback();
            }
        }
    }

    /** What the simulation itself wants to know: never goes wrong, and is no call of anybody. */
    List<Row> read(String sql, @Nullable Object... parameters) {
        tellTime();
        return session.rows(sql, parameters);
    }

    Session session() {
        return session;
    }

    private void tellTime() {
        if (toldTime != clock.now()) {
            session.execute("set pgflow.clock_at = '" + clock.instant() + "'");
            toldTime = clock.now();
        }
    }

    int calls() {
        return calls;
    }

    /** Whether the last call went wrong. */
    boolean failed() {
        return failed;
    }

    @Override
    public void close() {
        session.close();
    }
}
