package io.pgflow.benchmarks.harness;

import io.pgflow.benchmarks.contender.ContenderDatabase;
import io.pgflow.benchmarks.harness.Crew.ChildOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A process of a contender, as seen from here. */
final class Member implements AutoCloseable {

    private static final int SECONDS_TO_END = 20;

    private final String contender;
    private final Process process;
    private final PrintStream commands;
    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
    private final int patience;

    /** Starts the process. */
    Member(String contender, ContenderDatabase database, ChildOptions options) throws IOException {
        this.contender = contender;
        this.patience = options.patience();
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options.java());
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.addAll(List.of(Child.class.getName(), contender, database.jdbcUrl(), database.user()));
        command.add(database.password());
        var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().putAll(options.environment());
        process = builder.start();
        commands = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
        var reader = new Thread(this::read, "answers of " + contender);
        reader.setDaemon(true);
        reader.start();
        answer();
    }

    long pid() {
        return process.pid();
    }

    /** Sends a command and waits for its answer. */
    long[] ask(Object... command) {
        send(command);
        return answer();
    }

    /** Sends a command; its answer is waited for with {@link #answer}. */
    void send(Object... command) {
        var line = new StringBuilder();
        for (Object word : command) {
            line.append(line.length() == 0 ? "" : " ").append(word);
        }
        commands.println(line);
    }

    /** The numbers of the next answer. */
    long[] answer() {
        String said = said();
        return said.isEmpty()
                ? new long[0]
                : Arrays.stream(said.split(" ")).mapToLong(Long::parseLong).toArray();
    }

    /** Version and settings of the contender. */
    String described() {
        send("described");
        return said();
    }

    /** The next answer without its first word, which says whether it is one. */
    private String said() {
        String line;
        try {
            line = answers.poll(patience, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ContenderFailedException(contender + ": interrupted");
        }
        if (line == null) {
            throw new ContenderFailedException(contender + " did not answer within " + patience + " s");
        }
        if (!line.startsWith("ok")) {
            throw new ContenderFailedException(contender + ": " + line);
        }
        return line.substring("ok".length()).strip();
    }

    /** Ends the process: in good order, or after a while without order. */
    @Override
    public void close() {
        commands.close();
        try {
            if (!process.waitFor(SECONDS_TO_END, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private void read() {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                answers.add(line);
            }
        } catch (IOException e) {
            answers.add("failed " + e);
        }
        answers.add("failed its process has ended");
    }
}
