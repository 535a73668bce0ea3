package io.pgflow.workflow;

/**
 * What was promised for a task that the outside is to finish.
 *
 * @param token what the outside answers with: a text that cannot be guessed, of letters, digits and {@code _}, shorter than 120
 *     characters. It may be used at once, and until the attempt is over
 * @param patience how long the outside may take
 */
public record Deferral(String token, Patience patience) {

    /** Without the token: who has it can answer, and logs are read by many. */
    @Override
    public String toString() {
        return "Deferral[" + patience + "]";
    }
}
