package io.pgflow.benchmarks;

import io.pgflow.benchmarks.contender.Contenders;
import io.pgflow.benchmarks.harness.ContenderFailedException;
import io.pgflow.benchmarks.harness.Crew;
import io.pgflow.benchmarks.harness.Crew.ChildOptions;
import io.pgflow.benchmarks.harness.DatabaseServer;
import io.pgflow.benchmarks.harness.Metric;
import io.pgflow.benchmarks.harness.Sample;
import io.pgflow.benchmarks.workload.Sizes;
import io.pgflow.benchmarks.workload.Variant;
import io.pgflow.benchmarks.workload.Workload;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Measures one workload: all contenders do a round, then all do the next, so that a machine that becomes slower does so for
 * everybody. Who fails is out; the others go on.
 *
 * @param rounds that count; one more, the first, warms up
 * @param progress told what happens, for whoever waits
 */
record Contest(
        DatabaseServer server, List<String> contenders, int rounds, ChildOptions how, Consumer<String> progress) {

    /** Measures all variants. What a contender failed at is in the result. */
    Result measure(Workload workload, Sizes sizes) {
        var result = new Result(workload);
        List<Variant> variants = workload.variants(sizes);
        if (workload.comparesVariants()) {
            measure(result, variants);
        } else {
            variants.forEach(variant -> measure(result, List.of(variant)));
        }
        return result;
    }

    private void measure(Result result, List<Variant> variants) {
        var entries = new ArrayList<Entry>();
        try {
            for (Variant variant : variants) {
                for (String contender : contenders) {
                    if (!variant.onlyOurs() || contender.equals(Contenders.OURS)) {
                        enter(result, entries, variant, contender);
                    }
                }
            }
            for (int round = 0; round <= rounds; round++) {
                for (Entry entry : List.copyOf(entries)) {
                    round(result, entries, entry, round);
                }
            }
            for (Entry entry : List.copyOf(entries)) {
                attempt(result, entries, entry, () -> entry.crew.check());
            }
        } finally {
            entries.forEach(Contest::close);
        }
    }

    /** Opens a crew that takes part; not when the library cannot do it. */
    private void enter(Result result, List<Entry> entries, Variant variant, String contender) {
        try {
            progress.accept(contender + ": " + result.workload().name() + " " + variant.label());
            Crew crew = Crew.open(contender, server, variant.processes(), variant.environment(), how);
            var entry = new Entry(variant, crew);
            entries.add(entry);
            result.described(contender, crew.described());
            if (!variant.needs().stream().allMatch(crew::can)) {
                result.cannot(variant.label(), contender);
                leave(entries, entry);
                return;
            }
            attempt(result, entries, entry, () -> variant.prepare().run(crew));
        } catch (ContenderFailedException | SQLException | IOException e) {
            result.failed(variant.label(), contender, String.valueOf(e.getMessage()));
        }
    }

    private void round(Result result, List<Entry> entries, Entry entry, int round) {
        Variant variant = entry.variant;
        if (variant.once() && round != 1) {
            return;
        }
        attempt(result, entries, entry, () -> {
            Map<Metric, Double> values = variant.round().run(entry.crew).values();
            if (round > 0) {
                String workload = result.workload().name();
                result.add(new Sample(workload, variant.label(), entry.crew.contender(), round, values));
            }
        });
    }

    private static void attempt(Result result, List<Entry> entries, Entry entry, Act act) {
        try {
            act.run();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (Exception e) {
            result.failed(entry.variant.label(), entry.crew.contender(), String.valueOf(e.getMessage()));
            leave(entries, entry);
        }
    }

    private static void leave(List<Entry> entries, Entry entry) {
        entries.remove(entry);
        close(entry);
    }

    private static void close(Entry entry) {
        try {
            entry.crew.close();
        } catch (SQLException e) {
            throw new IllegalStateException("a database of the measurement cannot be dropped", e);
        }
    }

    private record Entry(Variant variant, Crew crew) {}

    @FunctionalInterface
    private interface Act {
        void run() throws Exception;
    }
}
