package io.pgflow.benchmarks;

import io.pgflow.PgflowSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.sql.DataSource;

/** What a figure was measured on: without it the figure means nothing. */
final class Machine {

    private static final List<String> SETTINGS =
            List.of("server_version", "fsync", "synchronous_commit", "shared_buffers", "wal_level");

    private Machine() {}

    static String describe(DataSource database) throws SQLException {
        var lines = new ArrayList<String>();
        lines.add(Runtime.getRuntime().availableProcessors() + " cores"
                + processor().map(name -> " of " + name).orElse("")
                + load().map(load -> ", load " + load + " at the start").orElse(""));
        lines.add("Java " + Runtime.version() + ", " + System.getProperty("os.name") + " "
                + System.getProperty("os.arch"));
        lines.add("PostgreSQL on the same machine: " + String.join(", ", settings(database)));
        lines.add(
                "one process, up to " + PgflowSettings.defaults().concurrency() + " handlers at once, 10 connections");
        return String.join("\n", lines);
    }

    private static List<String> settings(DataSource database) throws SQLException {
        var values = new ArrayList<String>();
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            for (String setting : SETTINGS) {
                try (ResultSet value = statement.executeQuery("show " + setting)) {
                    value.next();
                    values.add(setting + " " + value.getString(1));
                }
            }
        }
        return values;
    }

    private static Optional<String> processor() {
        return firstLine("/proc/cpuinfo", "model name")
                .map(line -> line.substring(line.indexOf(':') + 1).strip());
    }

    /** Others at work on the machine spoil a figure; the load tells. */
    private static Optional<String> load() {
        return firstLine("/proc/loadavg", "").map(line -> line.split(" ", 2)[0]);
    }

    private static Optional<String> firstLine(String file, String beginning) {
        try (Stream<String> lines = Files.lines(Path.of(file))) {
            return lines.filter(line -> line.startsWith(beginning)).findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
