package io.pgflow.workflow;

import java.util.Optional;

/**
 * One thing that is wrong with a workflow.
 *
 * @param code what kind of problem, see {@link ProblemCode}
 * @param place where: {@code steps[3] "charge".after[0]} for a workflow made in Java, the JSON Pointer
 *     {@code /steps/3/after/0} for one read from JSON, both counting as the author wrote them
 * @param message what and why
 * @param suggestion what would mend it, where that can be guessed
 */
public record Problem(String code, String place, String message, Optional<String> suggestion) {

    /** One line with everything in it. */
    @Override
    public String toString() {
        String where = place.isEmpty() ? "the workflow" : place;
        return code + " at " + where + ": " + message
                + suggestion.map(mend -> "; " + mend).orElse("");
    }
}
