package io.pgflow.internal.store;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientException;
import java.util.List;

/** Claims that began before a rule was set, and do not go by it. */
final class EarlierClaims {

    private static final String ON_THEIR_WAY = "select pgflow.claims_on_their_way(?::text[]) as claims";

    private final Calls calls;

    EarlierClaims(Calls calls) {
        this.calls = calls;
    }

    /**
     * Returns when those that are on their way now have come to their end, which is a matter of milliseconds. Holds nobody up meanwhile.
     *
     * @throws io.pgflow.DatabaseException when some have not by the call deadline
     */
    void await(String attempt) {
        List<String> earlier = calls.repeatable(attempt, ON_THEIR_WAY, statement -> onTheirWay(statement, List.of()));
        if (!earlier.isEmpty()) {
            calls.repeatable(attempt, ON_THEIR_WAY, statement -> over(onTheirWay(statement, earlier)));
        }
    }

    private static boolean over(List<String> onTheirWay) throws SQLException {
        if (!onTheirWay.isEmpty()) {
            throw new SQLTransientException("it is set, but claims that began before are still on their way", "55P03");
        }
        return true;
    }

    /** Of the known ones; of all when none is known. */
    private static List<String> onTheirWay(PreparedStatement statement, List<String> known) throws SQLException {
        new Parameters(statement).arrayUnlessEmpty("text", known.toArray());
        try (ResultSet row = statement.executeQuery()) {
            row.next();
            return Columns.list(Parameters.texts(row, "claims"));
        }
    }
}
