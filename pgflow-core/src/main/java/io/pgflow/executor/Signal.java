package io.pgflow.executor;

import io.pgflow.workflow.Limits;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What is told to a run from outside? A step that waits for a signal of this name gets it; until one does, it is kept.
 *
 * @param runId the run
 * @param name the name that a step waits for, {@code ^[a-z][a-z0-9_]{0,39}$}
 * @param payload anything that can be written as JSON; it becomes the output of the step
 * @param id under which it counts once, however often it is sent; made by the call when empty, so that each call is another signal, and one whose
 *     answer was lost is sent again all the same
 * @param actor who sends it, for the audit
 */
public record Signal(UUID runId, String name, @Nullable Object payload, Optional<String> id, Optional<String> actor) {

    /** Throws an IllegalArgumentException when the name, the id or the actor is none. */
    public Signal {
        if (!Limits.isName(name)) {
            throw new IllegalArgumentException(
                    "\"" + name + "\" is no name for a signal: a name is a small letter, then up to 39"
                            + " small letters, digits and underscores");
        }
        check("the id", id);
        check("the actor", actor);
    }

    /** A signal that brings nothing, from nobody in particular. */
    public static Signal of(UUID runId, String name) {
        return new Signal(runId, name, null, Optional.empty(), Optional.empty());
    }

    public Signal withPayload(@Nullable Object payload) {
        return new Signal(runId, name, payload, id, actor);
    }

    /** At most 200 characters. */
    public Signal withId(String id) {
        return new Signal(runId, name, payload, Optional.of(id), actor);
    }

    /** At most 200 characters. */
    public Signal withActor(String actor) {
        return new Signal(runId, name, payload, id, Optional.of(actor));
    }

    private static void check(String what, Optional<String> text) {
        if (text.filter(said -> said.isBlank() || said.length() > 200 || said.indexOf('\u0000') >= 0)
                .isPresent()) {
            throw new IllegalArgumentException(what + " of a signal has 1 to 200 characters, none of them \\u0000");
        }
    }
}
