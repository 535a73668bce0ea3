package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.embedded.TestDatabases;
import io.pgflow.sql.PgflowSchema;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A database of its own for each test, with pause points in the functions; after the test everything that must always hold, holds. */
abstract class Specification {
    private final List<Session> sessions = new ArrayList<>();
    protected DataSource database;
    protected Session db;

    @BeforeEach
    void open_a_fresh_database() {
        database = TestDatabases.freshDatabase(Specification::prepare, "spec");
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

    static void prepare(DataSource database) {
        PgflowSchema.migrate(database);
        try (Session session = new Session(database)) {
            Paused.install(session);
        }
    }
}
