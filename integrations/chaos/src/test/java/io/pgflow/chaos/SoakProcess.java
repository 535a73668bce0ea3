package io.pgflow.chaos;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A {@link SoakEngine} in a process of its own, which answers what it is asked. */
final class SoakProcess implements AutoCloseable {

    private final Process process;
    private final Writer orders;
    private final BufferedReader answers;

    /** Starts it; returns when it works. */
    SoakProcess(String url, Duration age, double rate, Duration life, Path log) throws IOException {
        List<String> command =
                new ArrayList<>(WorkerProcess.jvm(List.of("-cp", System.getProperty("java.class.path"))));
        command.addAll(List.of(SoakEngine.class.getName(), url, "" + age.toMillis(), "" + rate, "" + life.toSeconds()));
        process = new ProcessBuilder(command).redirectError(log.toFile()).start();
        orders = process.outputWriter(StandardCharsets.UTF_8);
        answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        expect("ready");
    }

    SoakSample.OfEngine sample() throws IOException {
        order("sample");
        return SoakSample.OfEngine.of(answer());
    }

    /** Nothing new begins after this. */
    void stopLoad() throws IOException {
        order("stop");
        expect("stopped");
    }

    /** Closes the engine; whether the process came to its end by itself, so that no thread was left. */
    boolean end(Duration most) throws IOException, InterruptedException {
        orders.close();
        return process.waitFor(most.toMillis(), TimeUnit.MILLISECONDS) && process.exitValue() == 0;
    }

    private void order(String order) throws IOException {
        orders.write(order + "\n");
        orders.flush();
    }

    private String answer() throws IOException {
        String answer = answers.readLine();
        if (answer == null) {
            throw new IllegalStateException("the engine's process has ended; its log says why");
        }
        return answer;
    }

    private void expect(String words) throws IOException {
        String answer = answer();
        if (!answer.equals(words)) {
            throw new IllegalStateException("the engine's process says " + answer + " instead of " + words);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
