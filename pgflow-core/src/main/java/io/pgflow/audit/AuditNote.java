package io.pgflow.audit;

/**
 * Who asks for something, and why? Every operation that a person or a program asks for takes one, and both stand in the audit.
 *
 * <pre>{@code
 * AuditNote note = AuditNote.by("ada", "the provider is down");
 * }</pre>
 *
 * @param actor the person or program that asks (1 to 200 characters)
 * @param reason why (1 to 2,000 characters)
 */
public record AuditNote(String actor, String reason) {

    private static final int LONGEST_ACTOR = 200;
    private static final int LONGEST_REASON = 2000;

    /** Throws an IllegalArgumentException when one of them is blank or too long, or holds the character NUL. */
    public AuditNote {
        check("the actor", actor, LONGEST_ACTOR);
        check("the reason", reason, LONGEST_REASON);
    }

    public static AuditNote by(String actor, String reason) {
        return new AuditNote(actor, reason);
    }

    private static void check(String what, String text, int longest) {
        if (text.isBlank() || text.length() > longest || text.indexOf('\u0000') >= 0) {
            throw new IllegalArgumentException(
                    what + " of an audit note has 1 to " + longest + " characters, none of them \\u0000");
        }
    }
}
