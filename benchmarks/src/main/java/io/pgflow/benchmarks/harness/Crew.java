package io.pgflow.benchmarks.harness;

import io.pgflow.benchmarks.contender.ContenderDatabase;
import io.pgflow.benchmarks.contender.Work;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The processes of one contender, on one database. The first of them enqueues; all of them, or the ones that are named, work. */
public final class Crew implements AutoCloseable {

    private static final long LOOK_AGAIN = TimeUnit.MILLISECONDS.toNanos(2);

    private final String contender;
    private final DatabaseServer server;
    private final ContenderDatabase database;
    private final ChildOptions options;
    private final List<Member> members = new ArrayList<>();

    private Crew(String contender, DatabaseServer server, ChildOptions options) throws SQLException {
        this.contender = contender;
        this.server = server;
        this.options = options;
        this.database = server.create(contender);
    }

    /**
     * Makes a database and starts the processes; they rest.
     *
     * @param environment added to that of the processes
     */
    public static Crew open(
            String contender, DatabaseServer server, int processes, Map<String, String> environment, ChildOptions how)
            throws SQLException, IOException {
        var crew = new Crew(contender, server, how.with(environment));
        try {
            for (int i = 0; i < processes; i++) {
                var member = new Member(contender, crew.database, crew.options);
                crew.members.add(member);
                member.ask("install");
                member.ask("open");
                member.ask("rest");
            }
            return crew;
        } catch (IOException | RuntimeException e) {
            crew.close();
            throw e;
        }
    }

    public String contender() {
        return contender;
    }

    /** Version and settings of the contender. */
    public String described() {
        return first().described();
    }

    public DatabaseServer server() {
        return server;
    }

    public ContenderDatabase database() {
        return database;
    }

    public boolean can(Work work) {
        return first().ask("can", work)[0] == 1;
    }

    /** Stores work in bulk. */
    public Span enqueue(Work work, int size, int payloadBytes) {
        return span(first().ask("enqueue", work, size, payloadBytes));
    }

    /** Starts runs of one step one by one, from so many threads. */
    public Span starts(int runs, int threads) {
        return span(first().ask("starts", runs, threads));
    }

    /** Starts stamped runs with pauses, in the first process; see {@link #latencies}. Returns how many it started in all. */
    public int paced(int runs, int pauseMicros) {
        return (int) first().ask("paced", runs, pauseMicros)[0];
    }

    /** How long single runs took from the call that starts them to the end, in nanoseconds, shortest first. */
    public long[] awaited(int runs, int pauseMicros) {
        return first().ask("awaited", runs, pauseMicros);
    }

    /** Begins to work in all processes. */
    public void work(int concurrency) {
        work(concurrency, new Handlers(0, false), 0);
    }

    /** Begins to work in all processes but the first so many. */
    public void work(int concurrency, Handlers handlers, int resting) {
        all("reset", handlers.failOneIn(), handlers.keepTimes() ? 1 : 0);
        List<Member> working = members.subList(resting, members.size());
        working.forEach(member -> member.send("work", concurrency));
        working.forEach(Member::answer);
    }

    /** Waits until handlers were called so often and everything is recorded as done; from the first call to that moment. */
    public Span finish(int expectedCalls) {
        if (members.size() == 1) {
            long[] answer = first().ask("finish", expectedCalls, options.patience() - 1);
            return new Span(answer[0], answer[1]);
        }
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(options.patience());
        while (members.stream().mapToLong(member -> member.ask("count")[0]).sum() < expectedCalls) {
            if (System.nanoTime() - deadline > 0) {
                throw new ContenderFailedException(contender + " has not called every handler in time");
            }
            LockSupport.parkNanos(LOOK_AGAIN);
        }
        List<long[]> answers = all("finish", 0, options.patience() - 1);
        long began = answers.stream()
                .mapToLong(answer -> answer[0])
                .filter(time -> time != 0)
                .min()
                .orElse(0);
        return new Span(
                began, answers.stream().mapToLong(answer -> answer[1]).min().orElse(0));
    }

    /** From the stamps of {@link #paced} to the calls of the handlers, in nanoseconds, shortest first. */
    public long[] latencies() {
        return all("latencies").stream().flatMapToLong(Arrays::stream).sorted().toArray();
    }

    /** When handlers were called, since {@link #work}. */
    public long[] times() {
        return all("times").stream().flatMapToLong(Arrays::stream).sorted().toArray();
    }

    public void rest() {
        all("rest");
    }

    /** Fails when what is stored breaks a promise. */
    public void check() {
        first().ask("check");
    }

    /** Processor time of the processes so far, in nanoseconds. */
    public long processorTime() {
        return members.stream()
                .mapToLong(member -> ProcessTimes.of(member.pid()))
                .sum();
    }

    /** Resident memory of the processes now, in bytes. */
    public long residentBytes() {
        return members.stream()
                .mapToLong(member -> ProcessTimes.residentBytes(member.pid()))
                .sum();
    }

    /** Ends the processes and drops the database. */
    @Override
    public void close() throws SQLException {
        members.forEach(Member::close);
        server.drop(database);
    }

    private List<long[]> all(Object... command) {
        members.forEach(member -> member.send(command));
        return members.stream().map(Member::answer).toList();
    }

    private Member first() {
        return members.get(0);
    }

    private static Span span(long[] answer) {
        return new Span(answer[0], answer[1]);
    }

    /**
     * How handlers behave.
     *
     * @param failOneIn every how many calls one throws; 0 for none
     * @param keepTimes whether each call's time is kept
     */
    public record Handlers(int failOneIn, boolean keepTimes) {}

    /**
     * How the processes of all contenders are run.
     *
     * @param java options of the JVM
     * @param environment added to that of this process
     * @param patience seconds to wait for an answer
     */
    public record ChildOptions(List<String> java, Map<String, String> environment, int patience) {

        ChildOptions with(Map<String, String> more) {
            var all = new HashMap<>(environment);
            all.putAll(more);
            return new ChildOptions(java, all, patience);
        }
    }
}
