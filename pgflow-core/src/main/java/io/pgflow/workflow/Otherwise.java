package io.pgflow.workflow;

/** What happens to a step whose condition does not hold? */
public enum Otherwise {
    /** It is SKIPPED, and its dependents go on with nothing for its output. */
    SKIP("skip"),
    /** It is SKIPPED, and so is everything that comes after it, near or far. */
    SKIP_BRANCH("skipBranch"),
    /** It is FAILED, and the run with it ({@code PGF-RUN-012}). */
    FAIL("fail");

    private final String word;

    Otherwise(String word) {
        this.word = word;
    }

    /** The word in JSON. */
    String word() {
        return word;
    }
}
