package io.pgflow.operation;

import java.util.OptionalInt;
import java.util.UUID;

/**
 * Which task? {@code TaskName.of(run, "charge")} is that of a step, {@code TaskName.of(run, "labels").item(3)} that of an item of a map.
 *
 * @param itemIndex the index of the item, from 0; empty for the step itself
 */
public record TaskName(UUID runId, String step, OptionalInt itemIndex) {

    public TaskName {
        if (itemIndex.isPresent() && itemIndex.getAsInt() < 0) {
            throw new IllegalArgumentException(
                    "items count from 0, so there is none with index " + itemIndex.getAsInt());
        }
    }

    public static TaskName of(UUID runId, String step) {
        return new TaskName(runId, step, OptionalInt.empty());
    }

    /** The item of that index, from 0. */
    public TaskName item(int index) {
        return new TaskName(runId, step, OptionalInt.of(index));
    }

    /** As the database counts: from 1, and 0 for the step itself. */
    int itemNumber() {
        return itemIndex.isPresent() ? itemIndex.getAsInt() + 1 : 0;
    }
}
