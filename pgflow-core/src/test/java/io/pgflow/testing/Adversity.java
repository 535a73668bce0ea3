package io.pgflow.testing;

import io.pgflow.PgflowSettings;
import io.pgflow.faults.FaultDataSource;
import io.pgflow.faults.Faults;
import io.pgflow.sql.PgflowSchema;
import java.util.Locale;
import javax.sql.DataSource;

/** Under what the engines of a test work: {@code -Dpgflow.test.adversity=}, one of the names here in lower case. Default: {@code none}. */
enum Adversity {
    NONE,

    /**
     * One in a hundred calls of the engine's own threads fails: half of them before it was executed, half of them afterwards. Handlers, and who
     * asks an engine from outside, are told when something cannot be done, and decide; their calls go through here.
     */
    FAULTS {
        @Override
        DataSource under(DataSource database) {
            return FaultDataSource.around(database, BROKEN);
        }
    },

    /** No notification is sent, and none is heard; and the engine has no more rights than the documentation gives to an application. */
    SILENCE {
        @Override
        void prepare(DataSource database) {
            super.prepare(database);
            ApplicationRole.grant(database);
        }

        @Override
        DataSource under(DataSource database) {
            return ApplicationRole.of(database);
        }

        @Override
        PgflowSettings.Builder under(PgflowSettings.Builder settings) {
            return settings.notifications(false);
        }
    },

    /** All calls go through PgBouncer, which gives each transaction another connection. */
    POOLER {
        @Override
        DataSource under(DataSource database) {
            return TransactionPooler.before(database);
        }

        @Override
        boolean isThere() {
            return TransactionPooler.program().isPresent();
        }
    };

    /** How the names of the engine's threads begin. */
    static final String THREADS = "pgflow-";

    /** One for all tests: most make far fewer than a hundred calls. */
    private static final Faults BROKEN = Faults.seeded(Long.getLong("pgflow.test.seed", 42))
            .rate(Double.parseDouble(System.getProperty("pgflow.test.rate", "0.01")))
            .among(sql -> isEngines(Thread.currentThread().getName()));

    static final Adversity CURRENT =
            valueOf(System.getProperty("pgflow.test.adversity", "none").toUpperCase(Locale.ROOT));

    private static boolean isEngines(String thread) {
        return thread.startsWith(THREADS) && !thread.startsWith(THREADS + "handler-");
    }

    void prepare(DataSource database) {
        PgflowSchema.migrate(database);
    }

    DataSource under(DataSource database) {
        return database;
    }

    PgflowSettings.Builder under(PgflowSettings.Builder settings) {
        return settings;
    }

    /** Whether this machine has what it takes. */
    boolean isThere() {
        return true;
    }
}
