package io.pgflow.internal.store;

import io.pgflow.DatabaseException;
import java.io.IOException;
import java.sql.SQLException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientException;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Says of a call that failed whether trying again makes sense. Decided by SQLSTATE and type, never by the words. */
final class FailedCall {

    private static final String WORKER_LOST = "PF006";

    /** Connection, resources, shutdown, and transaction or session ended by a limit of the server. */
    private static final List<String> PASSING_CLASSES = List.of("08", "53", "57P0", "25P0");

    /** Of them: the server is not there, stops or starts. */
    private static final List<String> AWAY = List.of("08", "57P0");

    /** It has no session to give. */
    private static final String FULL = "53";

    /** Serialization, deadlock, read-only (a standby, until it is promoted), lock not available, cancelled. */
    private static final Set<String> PASSING = Set.of("40001", "40P01", "25006", "55P03", "57014");

    private FailedCall() {}

    /** {@code attempt} completes the words "could not". */
    static DatabaseException explain(String attempt, Exception failure) {
        List<Throwable> causes = causes(failure);
        SQLException cause = causes.stream()
                .filter(SQLException.class::isInstance)
                .map(SQLException.class::cast)
                .reduce((outer, inner) -> outer.getSQLState() == null ? inner : outer)
                .orElseGet(() -> new SQLException(failure.getMessage(), failure));
        String state = String.valueOf(cause.getSQLState());
        if (state.equals(WORKER_LOST)) {
            return exception(DatabaseException.WORKER_LOST, attempt, ownWords(cause), cause);
        }
        if (state.startsWith("PF")) {
            return exception(DatabaseException.REFUSED, attempt, ownWords(cause), cause);
        }
        String words = firstLine(cause) + " (SQLSTATE " + state + ")";
        return isPassing(causes)
                ? exception(
                        DatabaseException.UNAVAILABLE,
                        attempt,
                        "the database cannot be reached or cannot do it now: " + words
                                + "; try again, and look at the database if it lasts",
                        cause)
                : exception(
                        DatabaseException.REFUSED,
                        attempt,
                        "the database refused: " + words + "; trying again does not help before its cause is mended",
                        cause);
    }

    /** Something that should be there is not: its run was deleted meanwhile. */
    static DatabaseException notFound(String attempt, String what) {
        return exception(
                DatabaseException.REFUSED,
                attempt,
                what + " is not in the database; was it deleted?",
                new SQLException("no row for " + what, "02000"));
    }

    private static DatabaseException exception(String code, String attempt, String why, SQLException cause) {
        return new DatabaseException(code, "could not " + attempt + "; " + why, cause);
    }

    /** Whether the server was not there, was about to stop, or not ready yet. */
    static boolean isAway(Exception failure) {
        return causes(failure).stream()
                .anyMatch(e -> e instanceof IOException || AWAY.stream().anyMatch(state(e)::startsWith));
    }

    /** Whether no session could be had of the server, and not of a pool. */
    static boolean isOutage(Exception failure) {
        return isAway(failure) || causes(failure).stream().anyMatch(e -> state(e).startsWith(FULL));
    }

    private static String state(Throwable e) {
        return e instanceof SQLException sql ? String.valueOf(sql.getSQLState()) : "";
    }

    private static List<Throwable> causes(Exception failure) {
        return Stream.<Throwable>iterate(failure, e -> e != null, Throwable::getCause)
                .limit(20)
                .toList();
    }

    private static boolean isPassing(List<Throwable> causes) {
        return causes.stream()
                .anyMatch(e -> e instanceof SQLTransientException
                        || e instanceof SQLRecoverableException
                        || e instanceof IOException
                        || e instanceof InterruptedException
                        || (e instanceof SQLException sql && isPassing(String.valueOf(sql.getSQLState()))));
    }

    private static boolean isPassing(String state) {
        return PASSING.contains(state) || PASSING_CLASSES.stream().anyMatch(state::startsWith);
    }

    /** Our functions say what, why and what to do; what the server adds about the place in the code is left out. */
    private static String ownWords(SQLException e) {
        return lines(e).takeWhile(line -> !line.contains("PL/pgSQL")).collect(Collectors.joining("; "));
    }

    /** The rest may quote somebody's data. */
    private static String firstLine(SQLException e) {
        return lines(e).findFirst().orElse(e.getClass().getSimpleName());
    }

    private static Stream<String> lines(SQLException e) {
        return String.valueOf(e.getMessage())
                .replaceFirst("^\\p{Lu}+: ", "")
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty());
    }
}
