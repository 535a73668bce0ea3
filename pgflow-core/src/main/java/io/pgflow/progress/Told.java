package io.pgflow.progress;

import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;

/** Something that a handler told while it worked. */
public sealed interface Told {

    /** Which attempt told it, and when. */
    Teller by();

    /**
     * How far the work is: the newest report of its task.
     *
     * @param fraction of the work that is done, 0 to 1
     * @param message empty for none
     * @param detail JSON text, where the handler gave any
     */
    record Report(Teller by, double fraction, String message, Optional<String> detail) implements Told {}

    /**
     * A part of the output, as JSON text.
     *
     * @param json what the handler gave to {@code emit}
     */
    record Chunk(Teller by, String json) implements Told {}

    /**
     * Which attempt told something. A greater fence is a later attempt, and what the earlier ones of the same task told counts no more.
     *
     * @param position where to go on reading
     * @param itemIndex the index of the item, from 0, when the step is a map step
     * @param attempt which try of the task it was, from 1
     * @param replaced whether a later attempt had begun when this was read
     */
    record Teller(
            long position, Instant at, String step, OptionalInt itemIndex, int attempt, int fence, boolean replaced) {}
}
