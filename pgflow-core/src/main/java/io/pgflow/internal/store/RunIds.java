package io.pgflow.internal.store;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ids of runs: uuids of version 7, milliseconds first, then the part of the millisecond, and chance behind, so that runs sort as they
 * were started, to the microsecond. The same as {@code pgflow._time_ordered_id}.
 */
public final class RunIds {

    private static final long MICROS_PER_MILLI = 1000;
    private static final long PARTS_OF_A_MILLI = 4096;
    private static final long VERSION_7 = 0x7000L;
    private static final long VARIANT = 0x8000_0000_0000_0000L;

    private RunIds() {}

    /** Chosen before the database is asked, so that a start whose answer is lost can be asked again. */
    public static UUID next() {
        return at(Instant.now());
    }

    static UUID at(Instant now) {
        long micros = ChronoUnit.MICROS.between(Instant.EPOCH, now);
        long partOfMilli = micros % MICROS_PER_MILLI * PARTS_OF_A_MILLI / MICROS_PER_MILLI;
        return new UUID(
                ((micros / MICROS_PER_MILLI) << 16) | VERSION_7 | partOfMilli,
                VARIANT | (ThreadLocalRandom.current().nextLong() >>> 2));
    }
}
