package io.pgflow.operation;

/**
 * Who decided, and why? Both stand in the audit.
 *
 * @param actor the person or program that asks (1 to 200 characters)
 * @param reason why (1 to 2,000 characters)
 */
public record Decision(String actor, String reason) {

    private static final int LONGEST_ACTOR = 200;
    private static final int LONGEST_REASON = 2000;

    public Decision {
        check("the actor", actor, LONGEST_ACTOR);
        check("the reason", reason, LONGEST_REASON);
    }

    public static Decision by(String actor, String reason) {
        return new Decision(actor, reason);
    }

    private static void check(String what, String text, int longest) {
        if (text.isBlank() || text.length() > longest || text.indexOf('\u0000') >= 0) {
            throw new IllegalArgumentException(what + " of a decision has 1 to " + longest + " characters");
        }
    }
}
