package io.pgflow.flowcontrol;

import java.util.UUID;

/**
 * What is meant: a queue, a workflow with all its versions, one step of it, or one run.
 *
 * @param kind what it is
 * @param name of the queue or the workflow; {@code workflow.step}; the run's id
 */
public record Target(Kind kind, String name) {

    /** What can be meant. */
    public enum Kind {
        QUEUE("queue"),
        WORKFLOW("workflow"),
        STEP("step"),
        RUN("run");

        private final String word;

        Kind(String word) {
            this.word = word;
        }

        String word() {
            return word;
        }

        static Kind of(String word) {
            for (Kind kind : values()) {
                if (kind.word.equals(word)) {
                    return kind;
                }
            }
            throw new IllegalArgumentException("the database names something unknown: " + word);
        }
    }

    public static Target queue(String name) {
        return new Target(Kind.QUEUE, name);
    }

    public static Target workflow(String name) {
        return new Target(Kind.WORKFLOW, name);
    }

    public static Target step(String workflow, String step) {
        return new Target(Kind.STEP, workflow + "." + step);
    }

    public static Target run(UUID id) {
        return new Target(Kind.RUN, id.toString());
    }
}
