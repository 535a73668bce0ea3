package io.pgflow.testkit;

import io.pgflow.faults.FaultDataSource;
import io.pgflow.faults.Faults;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.SQLException;
import java.util.Set;
import javax.sql.DataSource;

/**
 * The database as an engine sees it that may be killed: faults end the calls of its own threads. Whoever asks through it from outside, as the
 * handle of a run does, still gets answers.
 */
final class Mortal {

    /** How the threads of an engine are named; virtual ones, on which handlers run, have no name. */
    private static final String THREADS = "pgflow-";

    /** Those of them that only look, for somebody outside. */
    private static final Set<String> LOOKERS = Set.of("pgflow-run-watch", "pgflow-events", "pgflow-progress-reader");

    private Mortal() {}

    static DataSource dataSource(DataSource database, Faults life) {
        DataSource ending = FaultDataSource.around(database, life);
        return (DataSource) Proxy.newProxyInstance(
                Mortal.class.getClassLoader(), new Class<?>[] {DataSource.class}, (self, method, arguments) -> {
                    boolean own = isOwnThread();
                    if (own && life.hasEnded()) {
                        throw new SQLException("the test has killed this engine", "08006");
                    }
                    try {
                        return method.invoke(own ? ending : database, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause() == null ? e : e.getCause();
                    }
                });
    }

    private static boolean isOwnThread() {
        String name = Thread.currentThread().getName();
        return name.isEmpty() || (name.startsWith(THREADS) && !LOOKERS.contains(name));
    }
}
