package io.pgflow.workflow;

import java.util.Optional;

/** What can be wrong with a workflow? The codes never change their meaning; {@code docs/defining-workflows.md} lists them. */
public enum ProblemCode {
    /** The name of a workflow, step or queue is not {@code ^[a-z][a-z0-9_]{0,39}$}. */
    BAD_NAME("PGF-WFL-001"),
    /** The workflow has no steps. */
    NO_STEPS("PGF-WFL-002"),
    /** More than 1000 steps. */
    TOO_MANY_STEPS("PGF-WFL-003"),
    /** A step depends on more than 100 others. */
    TOO_MANY_DEPENDENCIES("PGF-WFL-004"),
    /** Two steps have one name. */
    DUPLICATE_STEP("PGF-WFL-005"),
    /** A dependency names no step of the workflow. */
    UNKNOWN_DEPENDENCY("PGF-WFL-006"),
    /** A step names one dependency twice; a map step depends on what it maps over without saying so. */
    DUPLICATE_DEPENDENCY("PGF-WFL-007"),
    /** A step depends on itself. */
    SELF_DEPENDENCY("PGF-WFL-008"),
    /** Steps wait for each other in a circle. */
    CYCLE("PGF-WFL-009"),
    /** A map step maps over something that is neither a step nor the run's input. */
    BAD_OVER("PGF-WFL-010"),
    /** The step whose output is to be the run's does not exist. */
    UNKNOWN_RETURNS("PGF-WFL-011"),
    /** The name of a handler is not one to four names joined by dots. */
    BAD_HANDLER_NAME("PGF-WFL-012"),
    /** A number is out of its range. */
    BAD_NUMBER("PGF-WFL-013"),
    /** A duration is malformed, out of its range or finer than a millisecond. */
    BAD_DURATION("PGF-WFL-014"),
    /** An input template is not JSON or holds a malformed reference. */
    BAD_TEMPLATE("PGF-WFL-015"),
    /** An input template or a condition reads what the step does not depend on, or an item outside of a map step. */
    TEMPLATE_READS_UNDECLARED("PGF-WFL-016"),
    /** The definition has more than 1 MiB or is nested deeper than 50 levels. */
    TOO_LARGE("PGF-WFL-017"),
    /** The text of a definition is not JSON. */
    NOT_JSON("PGF-WFL-018"),
    /** A definition in JSON has a field that does not exist. */
    UNKNOWN_FIELD("PGF-WFL-019"),
    /** A definition in JSON lacks a field. */
    MISSING_FIELD("PGF-WFL-020"),
    /** A field of a definition in JSON has a value of the wrong kind. */
    WRONG_KIND("PGF-WFL-021"),
    /** Two different types are declared for one step's output. */
    TYPE_CONFLICT("PGF-WFL-022"),
    /** A running handler read the output of a step that its step does not depend on. */
    UNDECLARED_READ("PGF-WFL-023"),
    /** A condition is malformed. */
    BAD_CONDITION("PGF-WFL-024"),
    /** An option stands where it means nothing, such as items of a plain step, or lacks what it belongs to. */
    MISPLACED_OPTION("PGF-WFL-025"),
    /** What a step waits for is malformed: the end of a sleep is no time, a wait is longer than 3650 days. */
    BAD_WAIT("PGF-WFL-026"),
    /** What a step asks people is malformed, or could never be decided. */
    BAD_APPROVAL("PGF-WFL-027"),
    /** A class to be read as a workflow lacks an annotation, or has one too many. */
    BAD_CLASS("PGF-WFL-030"),
    /** A method to be read as a step cannot be called, or gives nothing where something is needed. */
    BAD_METHOD("PGF-WFL-031"),
    /** A parameter of a step's method does not say where its value comes from. */
    BAD_PARAMETER("PGF-WFL-032"),
    /** A producer and a consumer disagree about a type. */
    TYPE_MISMATCH("PGF-WFL-033"),
    /** A limit, its period or what it looks at cannot be. */
    BAD_LIMIT("PGF-WFL-040"),
    /** What undoes a step is said of a step that is not there, has nothing to undo, or is undone already. */
    BAD_UNDO("PGF-WFL-062");

    private final String code;

    ProblemCode(String code) {
        this.code = code;
    }

    /** The code as it stands in messages, for example {@code PGF-WFL-006}. */
    public String code() {
        return code;
    }

    /** A problem of this kind with nothing to suggest. */
    public Problem at(String place, String message) {
        return new Problem(code, place, message, Optional.empty());
    }

    /** A problem of this kind and what would mend it. */
    public Problem at(String place, String message, String suggestion) {
        return new Problem(code, place, message, Optional.of(suggestion));
    }
}
