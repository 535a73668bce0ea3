package io.pgflow.embedded;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The programs of an unpacked server, run as an ordinary user even where this JVM runs as root. */
record ServerPrograms(Path bin) {

    void start(Path data, int port) {
        // The server inherits the output of pg_ctl and would keep a pipe open for ever, so its output goes to a file.
        pgCtl(
                data,
                List.of("-w", "-t", "60", "-l", data.resolve("server.log").toString(), "-o", "-p " + port, "start"));
    }

    void stop(Path data, String mode) {
        pgCtl(data, List.of("-w", "-t", "60", "-m", mode, "stop"));
    }

    private void pgCtl(Path data, List<String> arguments) {
        List<String> command = new ArrayList<>();
        if (runsAsRoot()) {
            // PostgreSQL refuses to run as root; in a user namespace of its own it is nobody.
            command.addAll(List.of("unshare", "-U"));
        }
        command.add(bin.resolve("pg_ctl").toString());
        command.addAll(List.of("-D", data.toString()));
        command.addAll(arguments);
        run(command);
    }

    private static void run(List<String> command) {
        try {
            Path output = Files.createTempFile("pgflow-pg_ctl", ".log");
            try {
                int status = new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start()
                        .waitFor();
                if (status != 0) {
                    throw new EmbeddedPostgresException(
                            "PGF-EMB-002",
                            String.join(" ", command) + " ended with status " + status + ": "
                                    + Files.readString(output, StandardCharsets.UTF_8)
                                            .strip()
                                    + "; look at server.log in the data folder");
                }
            } finally {
                Files.deleteIfExists(output);
            }
        } catch (IOException e) {
            throw new EmbeddedPostgresException(
                    "PGF-EMB-002", "cannot run " + command.get(0) + "; is it installed and may it be run here?", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EmbeddedPostgresException("PGF-EMB-002", "interrupted while waiting for " + command.get(0), e);
        }
    }

    private static boolean runsAsRoot() {
        boolean linux =
                System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux");
        try {
            return linux
                    && Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
        } catch (IOException e) {
            return false;
        }
    }
}
