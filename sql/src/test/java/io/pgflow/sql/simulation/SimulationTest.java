package io.pgflow.sql.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Histories of a whole system with faults, each from a seed ({@link Simulation}), as many at once as there are processors. A failure names the seed, and {@code -DargLine=-Dseed=7} plays
 * it alone; {@code -DargLine=-Dseeds=300} says how many are played, 6 if nothing is said.
 */
class SimulationTest {
    /** So many seeds take each of the common transitions and meet each fault. */
    private static final int ENOUGH = 6;

    private static final String[] MOVES =
            ("await enqueue schedule claim open complete retry lose release reschedule fail skip_unmet skip_failed cancel_pending"
                            + " cancel_scheduled cancel_running delay start begin succeed fail_run cancel_run restart restart_run")
                    .split(" ");

    @Test
    void whatever_fails_nothing_is_lost_and_nothing_happens_twice() {
        long first = Long.getLong("seed", 1);
        int seeds = System.getProperty("seed") == null ? Integer.getInteger("seeds", ENOUGH) : 1;
        Map<Fault, Integer> faults = new EnumMap<>(Fault.class);
        Set<String> moves = new TreeSet<>();
        long calls = 0;
        long millis = 0;
        int lostWorkers = 0;
        long began = System.nanoTime();
        List<Simulation.Played> histories = LongStream.range(first, first + seeds)
                .parallel()
                .mapToObj(Simulation::play)
                .toList();
        long nanos = System.nanoTime() - began;
        for (Simulation.Played played : histories) {
            played.faults().forEach((fault, times) -> faults.merge(fault, times, Integer::sum));
            moves.addAll(played.moves());
            calls += played.calls();
            millis += played.millis();
            lostWorkers += played.lostWorkers();
        }
        System.out.printf(
                "%d seeds, %d calls, %.0f calls/s, %.1f simulated hours, %d workers lost, faults %s, moves %s%n",
                seeds, calls, calls * 1e9 / nanos, millis / 3.6e6, lostWorkers, faults, moves);
        if (seeds >= ENOUGH) {
            assertThat(faults).containsOnlyKeys(Fault.values());
            assertThat(lostWorkers).isPositive();
            assertThat(moves).contains(MOVES);
        }
    }

    @Test
    void one_seed_is_one_history() {
        long seed = Long.getLong("seed", 1);

        List<Simulation.Played> twice =
                Stream.of(seed, seed).parallel().map(Simulation::play).toList();

        assertThat(twice.get(0).history()).isEqualTo(twice.get(1).history());
    }
}
