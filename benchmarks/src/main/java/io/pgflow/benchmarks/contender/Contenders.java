package io.pgflow.benchmarks.contender;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Which engines are there, and how is one made by its name? */
public final class Contenders {

    /** The one that all others are compared with. */
    public static final String OURS = "pgflow-java";

    private static final String PGFLOW_SQL = "pgflow-sql";

    /** In the order of the tables. */
    private static final Map<String, Function<ContenderDatabase, Contender>> BY_NAME = new LinkedHashMap<>();

    static {
        BY_NAME.put(OURS, PgflowContender::new);
        BY_NAME.put("db-scheduler", DbSchedulerContender::new);
        BY_NAME.put("jobrunr", JobRunrContender::new);
        BY_NAME.put("dbos", DbosContender::new);
        BY_NAME.put(PGFLOW_SQL, PgflowSqlContender::new);
    }

    private Contenders() {}

    /** Every name that {@link #named} knows, in the order of the tables. */
    public static List<String> names() {
        return List.copyOf(BY_NAME.keySet());
    }

    /** Makes one that works on this database. Throws {@link IllegalArgumentException} for a name that is none. */
    public static Contender named(String name, ContenderDatabase database) {
        var made = BY_NAME.get(name);
        if (made == null) {
            throw new IllegalArgumentException("there is no contender '" + name + "'; there are " + names());
        }
        return made.apply(database);
    }

    /** Why it cannot run on this machine; empty when it can. Fetches what it needs, which takes seconds the first time. */
    public static Optional<String> missing(String name) {
        if (!name.equals(PGFLOW_SQL)) {
            return Optional.empty();
        }
        try {
            PgflowSqlPackage.fetch();
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }
}
