package io.pgflow.benchmarks.micro;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** Runs the benchmarks of this package, each for some seconds in a process of its own; JMH prints what it finds. */
public final class MicroBenchmarks {

    private static final int ITERATIONS = 5;

    private MicroBenchmarks() {}

    /** Microseconds of each operation, and what it allocates. */
    public static void run() throws RunnerException {
        new Runner(new OptionsBuilder()
                        .include(MicroBenchmarks.class.getPackageName())
                        .mode(Mode.AverageTime)
                        .timeUnit(TimeUnit.MICROSECONDS)
                        .forks(1)
                        .warmupIterations(ITERATIONS)
                        .warmupTime(TimeValue.seconds(1))
                        .measurementIterations(ITERATIONS)
                        .measurementTime(TimeValue.seconds(1))
                        .addProfiler("gc")
                        .build())
                .run();
    }
}
