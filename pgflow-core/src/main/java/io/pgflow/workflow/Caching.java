package io.pgflow.workflow;

import io.pgflow.InvalidPayloadException;
import io.pgflow.internal.json.Json;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * For how long may a step's output be used again, and for which tasks? A task whose key has a fresh output in the cache succeeds with it,
 * and its handler does not run.
 *
 * <pre>{@code
 * after(QUOTE).cache(Caching.of(Duration.ofHours(1), input("/country"), output(QUOTE, "/cents")))
 * }</pre>
 *
 * @param key a JSON template of the form that {@link RegisteredHandler} describes: what the output depends on
 * @param keep how long an output is fresh, 1 ms to 30 days
 * @param name a cache that steps share, also of other workflows; the step's own when empty
 */
public record Caching(String key, Duration keep, Optional<String> name) {

    /** Keys that differ only in white space are one; a malformed one is kept for the check of the definition to report. */
    public Caching {
        try {
            key = Json.writeTree(Json.tree(key, "the key of the cache"));
        } catch (InvalidPayloadException e) {
            // reported with its place when the definition is checked
        }
    }

    /** The key is made of these values. */
    public static Caching of(Duration keep, Reference... parts) {
        String key = Arrays.stream(parts).map(Reference::json).collect(Collectors.joining(",", "[", "]"));
        return new Caching(key, keep, Optional.empty());
    }

    /** One key, whatever the run: the output is the same for all. */
    public static Caching always(Duration keep) {
        return new Caching("\"\"", keep, Optional.empty());
    }

    /** The item of a map step, for a key. */
    public static Reference item() {
        return item("");
    }

    /** A part of the item of a map step, for a key; the pointer is a JSON Pointer such as {@code /id}. */
    public static Reference item(String pointer) {
        return new Reference(InputTemplate.ITEM, pointer);
    }

    /** The same in a cache that steps share. */
    public Caching in(String cache) {
        return new Caching(key, keep, Optional.of(cache));
    }

    /** The key of a task as JSON text; empty when the values that it is made of are not there, and nothing can be reused. */
    public Optional<String> keyOf(TaskInput in) {
        try {
            return Optional.of(InputTemplate.filled(key, in));
        } catch (InvalidPayloadException e) {
            return Optional.empty();
        }
    }

    /** The name of the cache of a step. */
    public String cacheOf(String workflow, String step) {
        return name.orElse(workflow + "." + step);
    }
}
