package io.pgflow.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A worker in a process of its own. Its input is closed with this one's end, which ends it. */
final class WorkerProcess {

    private final String name;
    private final Process process;

    private WorkerProcess(String name, Process process) {
        this.name = name;
        this.process = process;
    }

    /**
     * How the command of a small JVM begins, that starts fast.
     *
     * @param options more of them, the class path among them
     */
    static List<String> jvm(List<String> options) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData"));
        command.addAll(options);
        return command;
    }

    /**
     * @param folder for the journal and the log
     * @param life after which it ends in any case
     * @param jvm how the command begins, see {@link #jvm}
     * @param environment what it gets beside this process's own
     */
    record Setting(
            Path folder,
            Duration expiresAfter,
            Duration longestNap,
            Duration life,
            List<String> jvm,
            Map<String, String> environment) {

        Path journalOf(String name) {
            return folder.resolve(name + ".journal");
        }

        WorkerProcess start(String name, String url, CrashPoint... point) {
            List<String> command = new ArrayList<>(jvm);
            command.addAll(List.of(
                    ChaosWorker.class.getName(),
                    name,
                    url,
                    journalOf(name).toString(),
                    "" + expiresAfter.toMillis(),
                    "" + longestNap.toMillis(),
                    "" + life.toSeconds()));
            for (CrashPoint each : point) {
                command.add(each.toString());
            }
            ProcessBuilder builder = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve(name + ".log").toFile());
            builder.environment().putAll(environment);
            try {
                return new WorkerProcess(name, builder.start());
            } catch (IOException e) {
                throw new UncheckedIOException("worker " + name + " does not start", e);
            }
        }
    }

    String name() {
        return name;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** As {@code kill -9} does: nothing is handed back. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** It stands still, as a machine does that is suspended. */
    void suspend() throws IOException, InterruptedException {
        signal("STOP");
    }

    void resume() throws IOException, InterruptedException {
        signal("CONT");
    }

    /** Asks it to stop in good order; it hands back what it has not finished. */
    void askToStop() throws IOException {
        process.getOutputStream().close();
    }

    /** With which status it ended; -1, and killed, when it has not by then. */
    int awaitEnd(Duration most) throws InterruptedException {
        if (!process.waitFor(most.toMillis(), TimeUnit.MILLISECONDS)) {
            kill();
            return -1;
        }
        return process.exitValue();
    }

    /** Waits so long at most, and kills what has not ended by then. */
    void end(Duration most) {
        process.onExit()
                .completeOnTimeout(process, most.toMillis(), TimeUnit.MILLISECONDS)
                .join();
        process.destroyForcibly();
    }

    private void signal(String signal) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + signal, "" + process.pid()).start().waitFor();
    }
}
