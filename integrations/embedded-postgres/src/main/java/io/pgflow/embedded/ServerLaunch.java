package io.pgflow.embedded;

import io.zonky.test.db.postgres.embedded.DefaultPostgresBinaryResolver;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import io.zonky.test.db.postgres.embedded.PgBinaryResolver;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** From settings to a server that answers: unpacks the programs, makes the data folder, starts, and looks whether it is really ours. */
record ServerLaunch(
        Map<String, String> settings,
        @Nullable Path dataDirectory,
        @Nullable Path unpackInto,
        boolean inMemory) {
    /** What the started program would set otherwise, on its command line, in favour of speed. */
    static final Map<String, String> DEFAULTS =
            Map.of("fsync", "on", "synchronous_commit", "on", "max_connections", "100", "timezone", "UTC");

    private static final int TRIES = 2;

    /** A server that answers on the folder. */
    record Launched(ServerFolder folder, boolean keepFolder, EmbeddedPostgres server, Path binaries) {}

    Launched launch() {
        return tryToStart(1);
    }

    /** The free port was found before the server took it: when somebody else was faster, another one is tried. */
    private Launched tryToStart(int attempt) {
        ServerFolder folder = folder();
        EmbeddedPostgres started = null;
        Exception problem = null;
        try {
            started = startOn(folder);
            Optional<Path> binaries = binariesOf(started, folder);
            if (binaries.isPresent()) {
                return new Launched(folder, dataDirectory != null, started, binaries.get());
            }
        } catch (IOException | SQLException | RuntimeException e) {
            problem = e;
        }
        abandon(folder, started);
        if (attempt == TRIES) {
            throw new EmbeddedPostgresException(
                    "PGF-EMB-001",
                    "the embedded server does not start on " + folder.data() + " after " + TRIES
                            + " tries; check settings, free space and rights",
                    problem);
        }
        return tryToStart(attempt + 1);
    }

    private ServerFolder folder() {
        Path chosen = dataDirectory;
        if (chosen == null) {
            return ServerFolder.create(inMemory);
        }
        ServerFolder folder = new ServerFolder(chosen.toAbsolutePath());
        if (folder.isAbandoned()) {
            folder.stopLeftServer();
        }
        folder.own();
        return folder;
    }

    private EmbeddedPostgres startOn(ServerFolder folder) throws IOException {
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                .setDataDirectory(folder.data())
                .setCleanDataDirectory(false)
                .setRegisterShutdownHook(false)
                .setPGStartupWait(Duration.ofSeconds(30))
                .setLocaleConfig("locale", "C")
                .setDataDirectoryCustomizer(data -> folder.writeSettings(settings.entrySet().stream()
                        .map(setting ->
                                setting.getKey() + " = '" + setting.getValue().replace("'", "''") + "'")
                        .toList()));
        DEFAULTS.keySet().forEach(name -> builder.setServerConfig(name, settings.getOrDefault(name, "")));
        if (unpackInto != null) {
            builder.setPgBinaryResolver(new ProgramsFor(unpackInto)).setOverrideWorkingDirectory(unpackInto.toFile());
        }
        return builder.start();
    }

    /** Empty when the server that answers on the port is somebody else's. */
    private static Optional<Path> binariesOf(EmbeddedPostgres server, ServerFolder folder) throws SQLException {
        try (Connection connection = server.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select current_setting('data_directory'), setting"
                        + " from pg_catalog.pg_config where name = 'BINDIR'")) {
            row.next();
            boolean ours = Path.of(row.getString(1)).equals(folder.data());
            return ours ? Optional.of(Path.of(row.getString(2)).resolveSibling("")) : Optional.empty();
        }
    }

    private void abandon(ServerFolder folder, @Nullable EmbeddedPostgres started) {
        try {
            if (started != null) {
                started.close();
            }
        } catch (IOException e) {
            throw ServerFolder.unusable(folder.data(), e);
        }
        if (dataDirectory == null) {
            folder.delete();
        }
    }

    /** Unpacked programs are remembered by resolver, so each folder has a resolver of its own. */
    private record ProgramsFor(Path folder) implements PgBinaryResolver {
        @Override
        public InputStream getPgBinary(String system, String machine) throws IOException {
            return DefaultPostgresBinaryResolver.INSTANCE.getPgBinary(system, machine);
        }
    }
}
