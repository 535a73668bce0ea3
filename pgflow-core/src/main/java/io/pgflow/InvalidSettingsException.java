package io.pgflow;

import java.util.List;

/** Change the settings: some are out of their range, or not known. Thrown when they are built, with every problem at once. */
public final class InvalidSettingsException extends PgflowException {

    private static final long serialVersionUID = 1;

    private final transient List<String> problems;

    InvalidSettingsException(List<String> problems) {
        super("PGF-CFG-001", "the settings are not valid: " + String.join("; ", problems) + "; change them");
        this.problems = List.copyOf(problems);
    }

    /** What is wrong, one sentence each. */
    public List<String> problems() {
        return problems == null ? List.of() : problems;
    }
}
