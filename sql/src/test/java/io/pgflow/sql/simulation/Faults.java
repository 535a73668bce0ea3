package io.pgflow.sql.simulation;

import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/** Whether something goes wrong now: as the seed says, until it is over. */
final class Faults {
    private static final Fault[] OF_CALLS = {Fault.CALL_LOST, Fault.ANSWER_LOST, Fault.ROLLED_BACK};

    private final Random random;
    /** Of a call, by seed: some histories are calmer than others. */
    private final double rate;

    private final Map<Fault, Integer> fired = new EnumMap<>(Fault.class);
    private boolean over;

    Faults(Random random) {
        this.random = random;
        this.rate = 0.01 + 0.04 * random.nextDouble();
    }

    void end() {
        over = true;
    }

    Optional<Fault> ofCall() {
        return happens(rate) ? Optional.of(note(OF_CALLS[random.nextInt(OF_CALLS.length)])) : Optional.empty();
    }

    /** A fault that is {@code times} as likely as that of a call. */
    boolean happens(Fault fault, double times) {
        boolean happens = happens(rate * times);
        if (happens) {
            note(fault);
        }
        return happens;
    }

    private boolean happens(double probability) {
        return !over && random.nextDouble() < probability;
    }

    private Fault note(Fault fault) {
        fired.merge(fault, 1, Integer::sum);
        return fault;
    }

    Map<Fault, Integer> fired() {
        return fired;
    }
}
