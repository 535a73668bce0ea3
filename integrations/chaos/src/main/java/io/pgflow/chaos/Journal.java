package io.pgflow.chaos;

import io.pgflow.workflow.TaskContext;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.UUID;

/**
 * What did handlers really do? A line for each effect, in one write to a file that is only appended to: it is there even when the process is
 * killed the moment after.
 */
public final class Journal implements AutoCloseable {

    /**
     * One effect.
     *
     * @param item -1 when the step is no map step
     * @param millis by the clock of the process that wrote it
     */
    public record Effect(UUID runId, String step, int item, int attempt, long millis) {

        String line() {
            return runId + " " + step + " " + item + " " + attempt + " " + millis + "\n";
        }

        static Effect of(String line) {
            String[] parts = line.split(" ", -1);
            return new Effect(
                    UUID.fromString(parts[0]),
                    parts[1],
                    Integer.parseInt(parts[2]),
                    Integer.parseInt(parts[3]),
                    Long.parseLong(parts[4]));
        }
    }

    private final FileChannel channel;

    private Journal(FileChannel channel) {
        this.channel = channel;
    }

    /** Goes on at the end of the file, and creates it when missing. */
    public static Journal appendTo(Path file) throws IOException {
        return new Journal(FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
    }

    /** The effects of a file, in the order in which they happened. */
    public static List<Effect> read(Path file) throws IOException {
        return Files.exists(file)
                ? Files.readAllLines(file).stream().map(Effect::of).toList()
                : List.of();
    }

    /** An interrupt would close the channel for all handlers, so whoever is interrupted has no effect. */
    synchronized void effect(TaskContext task) throws IOException, InterruptedException {
        boolean interrupted = Thread.interrupted();
        if (interrupted) {
            throw new InterruptedException("before the effect");
        }
        Effect effect = new Effect(
                task.runId(), task.step(), task.itemIndex().orElse(-1), task.attempt(), System.currentTimeMillis());
        channel.write(ByteBuffer.wrap(effect.line().getBytes(StandardCharsets.UTF_8)));
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
