package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.Work;
import io.pgflow.benchmarks.harness.Crew;
import io.pgflow.benchmarks.harness.Figures;
import java.util.Map;
import java.util.Set;

/**
 * One way to do a workload.
 *
 * @param label in the table; empty when there is but one
 * @param needs what a contender must be able to do; it is left out otherwise
 * @param onlyOurs whether it looks into the engine, so that no neighbour can take part
 * @param processes of each contender
 * @param environment of these processes
 * @param once whether one round, without one that warms up, says it all
 * @param prepare done before the first round
 * @param round what is measured
 */
public record Variant(
        String label,
        Set<Work> needs,
        boolean onlyOurs,
        int processes,
        Map<String, String> environment,
        boolean once,
        Preparation prepare,
        Round round) {

    static Variant of(String label, Work needs, Round round) {
        return new Variant(label, Set.of(needs), false, 1, Map.of(), false, crew -> {}, round);
    }

    Variant forOurs() {
        return new Variant(label, needs, true, processes, environment, once, prepare, round);
    }

    Variant processes(int number) {
        return new Variant(label, needs, onlyOurs, number, environment, once, prepare, round);
    }

    Variant environment(String name, String value) {
        return new Variant(label, needs, onlyOurs, processes, Map.of(name, value), once, prepare, round);
    }

    Variant measuredOnce() {
        return new Variant(label, needs, onlyOurs, processes, environment, true, prepare, round);
    }

    Variant preparedBy(Preparation preparation) {
        return new Variant(label, needs, onlyOurs, processes, environment, once, preparation, round);
    }

    /** What a round does. The crew rests when it is called and must rest when it returns. */
    @FunctionalInterface
    public interface Round {
        Figures run(Crew crew) throws Exception;
    }

    /** What is done once for a crew. */
    @FunctionalInterface
    public interface Preparation {
        void run(Crew crew) throws Exception;
    }
}
