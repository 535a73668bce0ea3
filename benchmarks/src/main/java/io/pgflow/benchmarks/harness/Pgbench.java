package io.pgflow.benchmarks.harness;

import io.pgflow.benchmarks.contender.ContenderDatabase;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** PostgreSQL's own program that drives SQL: what it reaches with a function is what that function can do at most. */
public record Pgbench(Path program) {

    private static final Pattern DONE = Pattern.compile("transactions actually processed: (\\d+)");
    private static final Pattern RATE = Pattern.compile("tps = ([0-9.]+) ");

    /** The one on the path, else the one beside the server programs that {@code pg_config} or Debian's folders tell of. */
    public static Optional<Pgbench> find() {
        var folders = new ArrayList<Path>();
        Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
                .map(Path::of)
                .forEach(folders::add);
        try (Stream<Path> versions = Files.list(Path.of("/usr/lib/postgresql"))) {
            versions.sorted().map(version -> version.resolve("bin")).forEach(folders::add);
        } catch (IOException e) {
            // no such folder, no such server
        }
        bindir().ifPresent(folders::add);
        return folders.stream()
                .map(folder -> folder.resolve("pgbench"))
                .filter(Files::isExecutable)
                .findFirst()
                .map(Pgbench::new);
    }

    /**
     * Runs a script so many times on each of so many connections, with prepared statements.
     *
     * @return how long it took, without making the connections
     */
    public Span run(ContenderDatabase database, String script, Map<String, String> variables, int clients, int times)
            throws IOException, InterruptedException {
        Path file = Files.createTempFile("pgflow-benchmark", ".sql");
        try {
            Files.writeString(file, script);
            String said = output(command(database, file, variables, clients, times), database);
            double seconds = number(DONE, said) / number(RATE, said);
            return new Span(0, (long) (seconds * 1e9));
        } finally {
            Files.delete(file);
        }
    }

    private List<String> command(
            ContenderDatabase database, Path script, Map<String, String> variables, int clients, int times) {
        URI address = URI.create(database.jdbcUrl().substring("jdbc:".length()));
        var command = new ArrayList<>(List.of(program.toString(), "-n", "-M", "prepared", "-f", script.toString()));
        command.addAll(List.of("-c", "" + clients, "-j", "2", "-t", "" + times));
        variables.forEach((name, value) -> command.addAll(List.of("-D", name + "=" + value)));
        command.addAll(List.of("-h", address.getHost(), "-p", "" + address.getPort(), "-U", database.user()));
        command.add(DatabaseServer.name(database));
        return command;
    }

    private static String output(List<String> command, ContenderDatabase database)
            throws IOException, InterruptedException {
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("PGPASSWORD", database.password());
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            String first = said.lines()
                    .filter(line -> line.contains("error"))
                    .findFirst()
                    .orElse(said);
            throw new IOException("pgbench ended with " + process.exitValue() + ": " + first);
        }
        return said;
    }

    private static double number(Pattern pattern, String text) throws IOException {
        Matcher found = pattern.matcher(text);
        if (!found.find()) {
            throw new IOException("pgbench said something unexpected: " + text);
        }
        return Double.parseDouble(found.group(1));
    }

    private static Optional<Path> bindir() {
        try {
            Process process = new ProcessBuilder("pg_config", "--bindir").start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return said.isBlank() ? Optional.empty() : Optional.of(Path.of(said.strip()));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
