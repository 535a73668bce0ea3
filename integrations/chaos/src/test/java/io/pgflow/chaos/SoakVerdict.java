package io.pgflow.chaos;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * What grew that should not? The first sixth of the samples is the warm-up; of the rest, the middle of the first half is compared with that of
 * the last quarter.
 *
 * @param samples in their order, under load
 * @param quiet when nothing was left to do, and the runs were removed
 * @param vacuumed bytes of the tables after the engine was closed and the tables were vacuumed
 */
record SoakVerdict(List<SoakSample> samples, SoakSample quiet, Map<String, Long> vacuumed, boolean endedByItself) {

    static final double HEAP_GROWTH = 0.10;
    static final long HEAP_NOISE = 2 << 20;
    static final int THREAD_NOISE = 8;
    static final int CONNECTION_NOISE = 3;
    static final double TABLE_GROWTH = 0.10;
    private static final int TASKS_IN_A_MINUTE = 200;
    static final long A_FEW_PAGES = 16 * 8192;

    /** What a connection is kept for when nothing is to be done: LISTEN. */
    static final int HELD_WHEN_QUIET = 1;

    /** They hold what was defined, and who worked: nothing ever removes that. */
    static final Set<String> FOR_GOOD =
            Set.of("pgflow.workflows", "pgflow.steps", "pgflow.step_dependencies", "pgflow.workers");

    private static final double MB = 1 << 20;

    List<String> violations() {
        List<String> found = new ArrayList<>();
        heap(found);
        threads(found);
        connections(found);
        tables(found);
        leftovers(found);
        return found;
    }

    List<String> vacuous() {
        List<String> missing = new ArrayList<>();
        SoakSample.Done done = quiet.engine().done();
        if (done.tasks() < TASKS_IN_A_MINUTE * minutes()) {
            missing.add("only " + done.tasks() + " tasks were done");
        }
        if (done.started() == 0 || done.versions() == 0 || done.engines() == 0 || done.subscriptions() == 0) {
            missing.add("a kind of work never came: " + done);
        }
        if (samples.stream().noneMatch(sample -> sample.rows().get("runs") > 0)) {
            missing.add("there was never a run in the tables, so none was removed");
        }
        if (warm().size() < 8) {
            missing.add("only " + warm().size() + " samples after the warm-up");
        }
        return missing;
    }

    private void heap(List<String> found) {
        double before = median(secondQuarter(), SoakVerdict::heapBytes);
        double after = median(lastQuarter(), SoakVerdict::heapBytes);
        if (after > before * (1 + HEAP_GROWTH) + HEAP_NOISE) {
            found.add("the heap after collection grew from %.1f to %.1f MB".formatted(before / MB, after / MB));
        }
    }

    private void threads(List<String> found) {
        int before = most(secondQuarter(), sample -> sample.engine().threads());
        int after = most(lastQuarter(), sample -> sample.engine().threads());
        if (after > before + THREAD_NOISE) {
            found.add("threads grew from " + before + " to " + after);
        }
    }

    private void connections(List<String> found) {
        int most = most(samples, SoakSample::connections);
        if (most > SoakEngine.POOL) {
            found.add(most + " connections, and the pool has " + SoakEngine.POOL);
        }
        double before = median(secondQuarter(), sample -> sample.engine().busy());
        double after = median(lastQuarter(), sample -> sample.engine().busy());
        if (after > before + CONNECTION_NOISE) {
            found.add("connections in use grew from %.0f to %.0f".formatted(before, after));
        }
        if (quiet.engine().busy() > HELD_WHEN_QUIET) {
            found.add(quiet.engine().busy() + " connections are held when nothing is to be done");
        }
    }

    private void tables(List<String> found) {
        Map<String, Long> bound = afterWarmUp();
        vacuumed.forEach((table, bytes) -> {
            long before = bound.getOrDefault(table, 0L);
            if (!FOR_GOOD.contains(table) && bytes > before * (1 + TABLE_GROWTH) + A_FEW_PAGES) {
                found.add(table + " has " + bytes / 1024 + " KB, and had " + before / 1024 + " KB after the warm-up");
            }
        });
    }

    private void leftovers(List<String> found) {
        for (String table : List.of("runs", "tasks", "audit", "messages")) {
            if (quiet.rows().getOrDefault(table, 0L) > 0) {
                found.add(quiet.rows().get(table) + " rows are left in " + table);
            }
        }
        SoakSample.Done done = quiet.engine().done();
        if (done.awaited() != done.started()) {
            found.add(done.started() + " runs were awaited, and " + done.awaited() + " answers came");
        }
        if (done.refused() > 0) {
            found.add(done.refused() + " calls were refused");
        }
        if (!endedByItself) {
            found.add("the process did not end when its engine was closed");
        }
    }

    /** The greatest sizes of the warm-up. */
    Map<String, Long> afterWarmUp() {
        Map<String, Long> most = new TreeMap<>();
        samples.subList(0, warmUp())
                .forEach(sample -> sample.bytes().forEach((table, bytes) -> most.merge(table, bytes, Math::max)));
        return most;
    }

    /** By least squares over the samples after the warm-up, in a hour. */
    double heapSlopeInMb() {
        List<SoakSample> warm = warm();
        double n = warm.size();
        double meanX = warm.stream().mapToDouble(SoakSample::seconds).sum() / n;
        double meanY = warm.stream().mapToDouble(SoakVerdict::heapBytes).sum() / n;
        double xy = 0;
        double xx = 0;
        for (SoakSample sample : warm) {
            xy += (sample.seconds() - meanX) * (heapBytes(sample) - meanY);
            xx += (sample.seconds() - meanX) * (sample.seconds() - meanX);
        }
        return xx == 0 ? 0 : xy / xx * 3600 / MB;
    }

    double minutes() {
        return samples.get(samples.size() - 1).seconds() / 60.0;
    }

    int warmUp() {
        return Math.max(1, samples.size() / 6);
    }

    List<SoakSample> warm() {
        return samples.subList(warmUp(), samples.size());
    }

    List<SoakSample> secondQuarter() {
        return warm().subList(0, (warm().size() + 1) / 2);
    }

    List<SoakSample> lastQuarter() {
        return warm().subList(warm().size() - Math.max(1, warm().size() / 4), warm().size());
    }

    static double heapBytes(SoakSample sample) {
        return sample.engine().heap();
    }

    static double median(List<SoakSample> some, ToDoubleFunction<SoakSample> figure) {
        double[] sorted = some.stream().mapToDouble(figure).sorted().toArray();
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }

    static int most(List<SoakSample> some, ToDoubleFunction<SoakSample> figure) {
        return (int)
                Arrays.stream(some.stream().mapToDouble(figure).toArray()).max().orElse(0);
    }
}
