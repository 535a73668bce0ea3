package io.pgflow.examples;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Another JVM that works. Closing it closes its input, which is its sign to stop in good order. */
final class WorkerProcess implements AutoCloseable {

    private final String name;
    private final Process process;
    private final long workerId;

    private WorkerProcess(String name, Process process) throws IOException {
        this.name = name;
        this.process = process;
        // Its first line is its number, and comes when it is ready.
        this.workerId = Long.parseLong(
                process.inputReader(StandardCharsets.UTF_8).readLine().strip());
    }

    /** Starts {@code main} with the arguments {@code worker}, name and url; returns when it is ready. */
    static WorkerProcess start(Class<?> main, String name, String url) throws IOException {
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        var process = new ProcessBuilder(java, "-cp", classPath(main), main.getName(), "worker", name, url)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        return new WorkerProcess(name, process);
    }

    /** How the audit calls it. */
    long workerId() {
        return workerId;
    }

    long pid() {
        return process.pid();
    }

    /** As {@code kill -9} does: no shutdown hook runs, nothing is handed back. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        process.onExit().completeOnTimeout(process, 30, TimeUnit.SECONDS).join();
        process.destroyForcibly();
    }

    @Override
    public String toString() {
        return name + " (number " + workerId + ")";
    }

    /** Maven runs an example in a class loader of its own; a test or a shell has a class path. */
    private static String classPath(Class<?> main) {
        return main.getClassLoader() instanceof URLClassLoader loader
                ? Arrays.stream(loader.getURLs())
                        .map(WorkerProcess::file)
                        .collect(Collectors.joining(File.pathSeparator))
                : System.getProperty("java.class.path");
    }

    private static String file(URL url) {
        return Path.of(URI.create(url.toString())).toString();
    }
}
