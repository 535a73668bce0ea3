package io.pgflow.workflow;

import io.pgflow.PgflowException;
import java.util.List;
import java.util.stream.Collectors;

/** The author of the workflow must correct it: its definition has at least one problem. All of them are in {@link #problems}. */
public final class InvalidWorkflowException extends PgflowException {

    private static final long serialVersionUID = 1;

    private final transient List<Problem> problems;

    /** {@code code()} becomes the code of the first problem. */
    public InvalidWorkflowException(String workflow, List<Problem> problems) {
        super(problems.get(0).code(), message(workflow, problems));
        this.problems = List.copyOf(problems);
    }

    /** Everything that is wrong, in the order of the definition; empty in a copy that was serialized. */
    @SuppressWarnings("NullAway") // a transient field is null after deserialization
    public List<Problem> problems() {
        return problems == null ? List.of() : problems;
    }

    private static String message(String workflow, List<Problem> problems) {
        String count = problems.size() == 1 ? "1 problem" : problems.size() + " problems";
        return problems.stream()
                .map(Problem::toString)
                .collect(Collectors.joining(
                        "\n  ", "workflow \"" + workflow + "\" cannot be used; correct " + count + ":\n  ", ""));
    }
}
