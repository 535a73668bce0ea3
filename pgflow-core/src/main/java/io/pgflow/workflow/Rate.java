package io.pgflow.workflow;

import java.time.Duration;
import java.util.Optional;

/**
 * How many units may be used up in a time, all processes together? Say {@code Rate.of(100, Duration.ofMinutes(1)).named("openai")}.
 *
 * <p>In no stretch of time as long as the period do attempts begin that weigh more than the limit. An attempt that weighs more than the
 * whole limit begins when nothing else counts.
 *
 * @param limit units in a period, at least 1
 * @param per the period, 10 ms to 30 days
 * @param name shared by all steps, of all workflows, that give it; without one the rate is the step's own
 * @param by a rate for each value instead of one for all
 * @param weight what an attempt uses up: a number in what it works on, rounded up; 1 when there is none
 */
public record Rate(long limit, Duration per, Optional<String> name, Optional<Part> by, Optional<Part> weight) {

    public static Rate of(long limit, Duration per) {
        return new Rate(limit, per, Optional.empty(), Optional.empty(), Optional.empty());
    }

    public Rate named(String shared) {
        return new Rate(limit, per, Optional.of(shared), by, weight);
    }

    public Rate by(Part part) {
        return new Rate(limit, per, name, Optional.of(part), weight);
    }

    /** Counts units, such as tokens, instead of attempts. */
    public Rate weighing(Part part) {
        return new Rate(limit, per, name, by, Optional.of(part));
    }
}
