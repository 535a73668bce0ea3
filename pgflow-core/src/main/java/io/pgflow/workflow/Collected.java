package io.pgflow.workflow;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a map step gives whose items may fail.
 *
 * @param outputs what the items gave, in their order; null where one failed or was skipped
 * @param errors which items failed, and why
 */
public record Collected<R>(List<@Nullable R> outputs, List<ItemError> errors) {

    public Collected {
        outputs = Collections.unmodifiableList(new ArrayList<>(outputs)); // with nulls, which List.copyOf refuses
        errors = List.copyOf(errors);
    }

    /**
     * An item that failed.
     *
     * @param item its index, from 0
     * @param error the error as it stands in the task, with {@code code}, {@code message} and more
     */
    public record ItemError(int item, @Nullable Object error) {}
}
