package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.embedded.TestDatabases;
import io.pgflow.sql.GenuinePgmq;
import io.pgflow.sql.PgflowSchema;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInfo;

/** A database of its own for each test, with pause points in the functions; after the test everything that must always hold, holds. */
abstract class Specification {
    /** A tag: the database has the genuine pgmq before the engine is installed. */
    static final String GENUINE_PGMQ = "genuine-pgmq";

    private final List<Session> sessions = new ArrayList<>();
    protected DataSource database;
    protected Session db;

    @BeforeEach
    void open_a_fresh_database(TestInfo test) {
        database = test.getTags().contains(GENUINE_PGMQ)
                ? prepared(GenuinePgmq.script(), "spec_on_genuine_pgmq")
                : prepared(givenPgmq(), "spec");
        db = session();
    }

    @AfterEach
    void everything_that_must_always_hold_holds() {
        try {
            assertThat(db.rows("select * from pgflow.verify()")).isEmpty();
            assertThat(db.count("select deadlocks from pg_stat_database where datname = current_database()"))
                    .as("deadlocks")
                    .isZero();
        } finally {
            sessions.forEach(Session::close);
            TestDatabases.drop(database);
        }
    }

    /** Another connection; closed after the test. */
    protected final Session session() {
        Session session = new Session(database);
        sessions.add(session);
        return session;
    }

    /** Runs a call up to a pause point of its function; see {@link Paused}. */
    protected final <T> Paused<T> pauseAt(String point, Paused.Call<T> call) {
        return Paused.at(point, session(), session(), call);
    }

    /** The SQL of a pgmq that is there before: that of a file, {@code -Dpgflow.pgmq=…}; none for the one that installation chooses. */
    private static String givenPgmq() {
        String file = System.getProperty("pgflow.pgmq", "");
        try {
            return file.isEmpty() ? "" : Files.readString(Path.of(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static DataSource prepared(String pgmq, String templateKey) {
        return TestDatabases.freshDatabase(database -> prepare(database, pgmq), templateKey);
    }

    private static void prepare(DataSource database, String pgmq) {
        try (Session session = new Session(database)) {
            if (!pgmq.isEmpty()) {
                session.execute(pgmq);
            }
            PgflowSchema.migrate(database);
            Paused.install(session);
        }
    }
}
