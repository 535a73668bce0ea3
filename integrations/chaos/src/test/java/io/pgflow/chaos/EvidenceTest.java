package io.pgflow.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.chaos.Attempts.Attempt;
import io.pgflow.chaos.Fault.Kind;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Did the faults hit whom they were meant for? */
class EvidenceTest {

    private static final long BEFORE = 9_000;
    private static final long FAULT = 10_000;
    private static final long RIGHT_AFTER = 11_000;
    private static final long LATER = 20_000;
    private static final long HEALED = 25_000;

    @Test
    void who_was_killed_claims_no_more() {
        assertThat(unharmed(Kind.KILL_WORKER, BEFORE)).isEmpty();
        assertThat(unharmed(Kind.KILL_WORKER, LATER)).containsExactly("w1-1 claims 10000 ms after KILL_WORKER");
    }

    @Test
    void a_claim_that_was_on_its_way_may_still_arrive() {
        assertThat(unharmed(Kind.KILL_WORKER, RIGHT_AFTER)).isEmpty();
    }

    @Test
    void who_stands_still_claims_nothing_until_he_goes_on() {
        assertThat(unharmed(Kind.SUSPEND_WORKER, LATER)).containsExactly("w1-1 claims 10000 ms after SUSPEND_WORKER");
        assertThat(unharmed(Kind.SUSPEND_WORKER, HEALED + 1)).isEmpty();
    }

    @Test
    void other_workers_and_other_faults_are_not_meant() {
        assertThat(unharmed(Kind.STALL, LATER)).isEmpty();
        assertThat(Evidence.unharmed(
                        Stream.of(claimedBy("w1-10", LATER)),
                        List.of(new Fault(Kind.KILL_WORKER, "w1-1", FAULT, FAULT))))
                .isEmpty();
    }

    private static List<String> unharmed(Kind kind, long claimedAt) {
        return Evidence.unharmed(
                Stream.of(claimedBy("w1-1", claimedAt)), List.of(new Fault(kind, "w1-1", FAULT, HEALED)));
    }

    private static Attempt claimedBy(String worker, long at) {
        return new Attempt(worker, at, at + 10, "complete");
    }
}
