package io.pgflow.sql;

import java.nio.file.Path;
import java.util.Objects;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/** A JVM that migrates a database (URL, user, password) and ends. */
final class MigratingJvm {
    private MigratingJvm() {}

    static Process start(DataSource database) throws Exception {
        PGSimpleDataSource target = database.unwrap(PGSimpleDataSource.class);
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-Djava.util.logging.config.file=" + System.getProperty("java.util.logging.config.file", ""),
                        "-cp",
                        System.getProperty("java.class.path"),
                        MigratingJvm.class.getName(),
                        target.getUrl(),
                        String.valueOf(target.getUser()),
                        Objects.toString(target.getPassword(), ""))
                .inheritIO()
                .start();
    }

    public static void main(String[] arguments) {
        PGSimpleDataSource database = new PGSimpleDataSource();
        database.setUrl(arguments[0]);
        database.setUser(arguments[1]);
        database.setPassword(arguments[2]);
        PgflowSchema.migrate(database);
    }
}
