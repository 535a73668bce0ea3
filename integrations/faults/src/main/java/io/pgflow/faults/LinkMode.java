package io.pgflow.faults;

import java.time.Duration;

/** What becomes of bytes that pass a {@link FaultProxy}? */
sealed interface LinkMode {

    /** They go through at once. */
    record Pass() implements LinkMode {}

    /** Each piece waits, for the least time and a random part of the spread. */
    record Delay(Duration least, Duration spread) implements LinkMode {}

    /** So many get through in a second, in each direction of each connection. */
    record Slow(int bytesPerSecond) implements LinkMode {}

    /** None gets through; connections stay open, and new ones are accepted into silence. */
    record Stall() implements LinkMode {}

    /** What the server answers is lost; what the client says arrives. */
    record SwallowReplies() implements LinkMode {}

    /** Whether connections that lived through it have lost bytes, so that they can not go on. */
    default boolean losesBytes() {
        return this instanceof SwallowReplies;
    }
}
