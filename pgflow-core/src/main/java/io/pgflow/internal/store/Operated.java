package io.pgflow.internal.store;

import java.util.List;

/**
 * What came of an operation on runs.
 *
 * @param words what the function says of each request, in their order
 * @param outcome what followed
 */
public record Operated(List<String> words, Outcome outcome) {

    public Operated {
        words = List.copyOf(words);
    }
}
