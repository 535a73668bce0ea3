package io.pgflow.benchmarks.harness;

import io.pgflow.benchmarks.contender.Contender;
import io.pgflow.benchmarks.contender.Work;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;

/** What a process can be told to do with its contender. Times are those of {@link System#nanoTime}, one clock for all processes. */
final class Acts {

    private static final long LOOK_AGAIN = TimeUnit.MICROSECONDS.toNanos(500);

    private static final int UNSTAMPED = 10;
    private static final long LONGEST_WAIT = TimeUnit.SECONDS.toNanos(15);
    private static final int LEAST_AWAITED = 3;

    private final Contender contender;
    private final Calls calls = new Calls();

    Acts(Contender contender) {
        this.contender = contender;
    }

    LongStream act(String name, String... args) throws Exception {
        return switch (name) {
            case "can" -> LongStream.of(contender.can(Work.valueOf(args[0])) ? 1 : 0);
            case "install" -> timed(contender::install);
            case "open" -> timed(contender::open);
            case "enqueue" -> enqueue(Work.valueOf(args[0]), number(args[1]), number(args[2]));
            case "starts" -> starts(number(args[0]), number(args[1]));
            case "paced" -> paced(number(args[0]), number(args[1]));
            case "awaited" -> awaited(number(args[0]), number(args[1]));
            case "reset" -> timed(() -> calls.reset(number(args[0]), number(args[1]) == 1));
            case "work" -> timed(() -> contender.work(number(args[0]), calls));
            case "count" -> LongStream.of(calls.count());
            case "finish" -> finish(number(args[0]), number(args[1]));
            case "latencies" -> calls.latencies();
            case "times" -> calls.times();
            case "rest" -> timed(contender::rest);
            case "check" -> timed(contender::check);
            default -> throw new IllegalArgumentException("there is no command " + name);
        };
    }

    /** When it began and when it had ended. */
    private static LongStream timed(Act act) throws Exception {
        long began = System.nanoTime();
        act.run();
        return LongStream.of(began, System.nanoTime());
    }

    private LongStream enqueue(Work work, int size, int payloadBytes) throws Exception {
        contender.ready();
        return timed(() -> contender.enqueue(work, size, payloadBytes));
    }

    private LongStream starts(int runs, int threads) throws Exception {
        contender.ready();
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            var parts = new ArrayList<Callable<Void>>();
            for (int thread = 0; thread < threads; thread++) {
                int part = runs / threads + (thread < runs % threads ? 1 : 0);
                parts.add(() -> startOneByOne(part));
            }
            return timed(() -> await(pool.invokeAll(parts)));
        } finally {
            pool.shutdown();
        }
    }

    private Void startOneByOne(int runs) throws Exception {
        for (int i = 0; i < runs; i++) {
            contender.startOne(0);
        }
        return null;
    }

    private static void await(List<Future<Void>> parts) throws InterruptedException, ExecutionException {
        for (Future<Void> part : parts) {
            part.get();
        }
    }

    /**
     * Starts runs that carry the time of their start, with pauses between half and one and a half of what is given, and some
     * without before: the first ones open connections. How many there were in all.
     */
    private LongStream paced(int runs, int pauseMicros) throws Exception {
        startOneByOne(UNSTAMPED);
        for (int i = 0; i < runs; i++) {
            pause(pauseMicros, i);
            contender.startOne(System.nanoTime());
        }
        return LongStream.of(UNSTAMPED + runs);
    }

    /**
     * How long each of these runs took, from the call that starts it to the answer that it is done. Fewer than asked for when a
     * library takes seconds for each.
     */
    private LongStream awaited(int runs, int pauseMicros) throws Exception {
        var nanos = LongStream.builder();
        long end = System.nanoTime() + LONGEST_WAIT;
        for (int i = 0; i < runs && (i < LEAST_AWAITED || System.nanoTime() - end < 0); i++) {
            pause(pauseMicros, i);
            long began = System.nanoTime();
            contender.startOneAndAwait();
            nanos.add(System.nanoTime() - began);
        }
        return nanos.build().sorted();
    }

    /** Not a rhythm: one that fits a poll interval would show the same moment of it again and again. */
    private static void pause(int pauseMicros, int number) throws InterruptedException {
        TimeUnit.MICROSECONDS.sleep(pauseMicros / 2 + (number * 7919L * 37) % (pauseMicros + 1));
    }

    /** Waits for so many calls, then until everything is recorded as done: the first call, the end, the number of calls. */
    private LongStream finish(int expected, int seconds) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (calls.count() < expected || !contender.allDone()) {
            if (System.nanoTime() - deadline > 0) {
                throw new TimeoutException("after " + seconds + " s " + calls.count() + " of " + expected
                        + " handlers have been called, and not everything is done");
            }
            LockSupport.parkNanos(LOOK_AGAIN);
        }
        return LongStream.of(calls.first(), System.nanoTime(), calls.count());
    }

    private static int number(String text) {
        return Integer.parseInt(text);
    }

    @FunctionalInterface
    private interface Act {
        void run() throws Exception;
    }
}
