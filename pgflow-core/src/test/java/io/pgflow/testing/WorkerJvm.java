package io.pgflow.testing;

import io.pgflow.Pgflow;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Workflow;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/** A worker in a process of its own, to be killed. Its handler never returns; the same handler elsewhere does. */
public final class WorkerJvm implements AutoCloseable {

    private static final String IN_CHILD = "pgflow.test.child";

    private final Process process;

    private WorkerJvm(Process process) {
        this.process = process;
    }

    public static WorkerJvm start(DataSource database) throws IOException {
        var source = (PGSimpleDataSource) database;
        var builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:TieredStopAtLevel=1",
                "-D" + IN_CHILD + "=true",
                "-cp",
                System.getProperty("java.class.path"),
                WorkerJvm.class.getName(),
                source.getUrl(),
                String.valueOf(source.getUser()));
        return new WorkerJvm(builder.redirectOutput(Redirect.DISCARD)
                .redirectError(Redirect.INHERIT)
                .start());
    }

    /** The workflow that both processes know. */
    public static Workflow<Object, Object> workflow(Queue<String> happened) {
        return Flow.oneStep("killed", Object.class, Object.class, in -> {
            happened.add("begun");
            if (Boolean.getBoolean(IN_CHILD)) {
                new CountDownLatch(1).await();
            }
            return "\"survived\"";
        });
    }

    /** The same of a step that writes into a table {@code ledger}, in the transaction that completes it. */
    public static Workflow<Object, Object> ledger(Queue<String> happened) {
        return Flow.oneStep(
                "killed_while_writing",
                Object.class,
                Object.class,
                TaskHandler.transactional(Object.class, String.class, (in, connection) -> {
                    try (var statement = connection.createStatement()) {
                        statement.execute("insert into ledger values ('booked')");
                    }
                    happened.add("written");
                    if (Boolean.getBoolean(IN_CHILD)) {
                        new CountDownLatch(1).await();
                    }
                    return "survived";
                }));
    }

    /** Without a word, as by the operating system; returns when it is dead. */
    public void kill() {
        process.destroyForcibly().onExit().join();
    }

    @Override
    public void close() {
        kill();
    }

    /** In the child. Ends by itself when its parent has. */
    public static void main(String[] args) {
        var source = new PGSimpleDataSource();
        source.setUrl(args[0]);
        source.setUser(args[1]);
        Pgflow.on(Engines.pool(source))
                .with(workflow(new ConcurrentLinkedQueue<>()), ledger(new ConcurrentLinkedQueue<>()))
                .start();
        ProcessHandle.current().parent().orElseThrow().onExit().join();
        Runtime.getRuntime().halt(1);
    }
}
