package io.pgflow.approval;

import java.util.List;
import java.util.Optional;

/**
 * What came of a verdict?
 *
 * @param problems what is wrong with it, when it is {@link DecisionOutcome#INVALID}
 */
public record DecisionResult(DecisionOutcome outcome, List<FormProblem> problems) {

    public DecisionResult {
        problems = List.copyOf(problems);
    }

    /**
     * One thing that is wrong.
     *
     * @param code {@code PGF-RUN-016}
     * @param field the field of the form; empty for the choice
     */
    public record FormProblem(String code, Optional<String> field, String message) {}
}
