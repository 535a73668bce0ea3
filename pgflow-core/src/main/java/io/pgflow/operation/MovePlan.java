package io.pgflow.operation;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What it means to move a run to another version of its workflow.
 *
 * @param steps what becomes of each step
 * @param refusals why the run cannot move; empty when it can
 */
public record MovePlan(List<Step> steps, List<String> refusals) {

    public MovePlan {
        steps = List.copyOf(steps);
        refusals = List.copyOf(refusals);
    }

    /** True when nothing is refused. */
    public boolean isPossible() {
        return refusals.isEmpty();
    }

    /** What becomes of a step? */
    public enum Fate {
        /** It has begun, and is the same in both versions. */
        STAYS,
        /** It has not begun, and is in both; what the new version says of it holds. */
        WAITS,
        /** It is not in the old version. */
        NEW,
        /** It has not begun, and is not in the new version. */
        DROPPED,
        /** It has begun, and cannot go on in the new version. */
        REFUSED;

        static Fate of(String word) {
            return valueOf(word.toUpperCase(Locale.ROOT));
        }
    }

    /**
     * One step of the plan.
     *
     * @param reason why it is refused
     */
    public record Step(String name, Fate fate, Optional<String> reason) {}
}
