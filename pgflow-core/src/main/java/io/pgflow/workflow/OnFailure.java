package io.pgflow.workflow;

import io.pgflow.InvalidPayloadException;
import io.pgflow.internal.json.Json;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What happens when a handler failed and no attempt remains? For a map step it is said of each item, of which one cannot skip what
 * comes after the whole map.
 *
 * <p>A task with which three workers were lost is FAILED whatever is said here: somebody has to look at it.
 *
 * @param reaction what happens
 * @param fallback the JSON of the output that stands in; there for {@link Reaction#FALLBACK} and only then
 */
public record OnFailure(Reaction reaction, Optional<String> fallback) {

    /** The task is FAILED, and the run with it. */
    public static final OnFailure FAIL = new OnFailure(Reaction.FAIL, Optional.empty());

    /** The task is SKIPPED, and its dependents go on with nothing for its output. */
    public static final OnFailure SKIP = new OnFailure(Reaction.SKIP, Optional.empty());

    /** The task is SKIPPED, and so is everything that comes after it, near or far. */
    public static final OnFailure SKIP_BRANCH = new OnFailure(Reaction.SKIP_BRANCH, Optional.empty());

    /** A malformed fallback is kept for the check of the definition to report. */
    public OnFailure {
        fallback = fallback.map(OnFailure::withoutSpaces);
    }

    private static String withoutSpaces(String json) {
        try {
            return Json.writeTree(Json.tree(json, "the fallback"));
        } catch (InvalidPayloadException e) {
            return json;
        }
    }

    /**
     * The task SUCCEEDED with this output; its error stays with it.
     *
     * @throws io.pgflow.InvalidPayloadException {@code PGF-DAT-001} when the value cannot be written as JSON
     */
    public static OnFailure fallBackTo(@Nullable Object output) {
        return new OnFailure(Reaction.FALLBACK, Optional.of(Json.write(output, Object.class, "the fallback")));
    }

    /** The kinds of reaction. */
    public enum Reaction {
        FAIL("fail"),
        SKIP("skip"),
        SKIP_BRANCH("skipBranch"),
        FALLBACK("fallback");

        private final String word;

        Reaction(String word) {
            this.word = word;
        }

        String word() {
            return word;
        }
    }
}
