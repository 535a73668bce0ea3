package io.pgflow.workflow;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What people decided: the output of a step that asks them.
 *
 * @param choice what was chosen; the last of the choices when it was rejected
 * @param expired true when nobody decided in time, which rejects
 * @param form what the last person who made this choice filled in
 * @param votes what everybody said, in order
 */
public record Decision(String choice, boolean expired, Map<String, @Nullable Object> form, List<Vote> votes) {

    /** What one person said. */
    public record Vote(
            String actor,
            String choice,
            Instant at,
            Map<String, @Nullable Object> form,
            @Nullable String comment) {}

    /** Whether it is that choice. */
    public boolean is(String other) {
        return choice.equals(other);
    }
}
