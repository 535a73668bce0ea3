package io.pgflow.internal.store;

import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/** Ids of runs: uuids of version 7, milliseconds first and chance behind, so that runs sort as they were started. */
public final class RunIds {

    private static final long MILLIS_MASK = 0xFFFF_FFFF_FFFFL;
    private static final long VERSION_7 = 0x7000L;
    private static final long VARIANT = 0x8000_0000_0000_0000L;

    private RunIds() {}

    /** Chosen before the database is asked, so that a start whose answer is lost can be asked again. */
    public static UUID next() {
        var random = ThreadLocalRandom.current();
        long high = ((System.currentTimeMillis() & MILLIS_MASK) << 16) | VERSION_7 | (random.nextLong() & 0xFFFL);
        long low = VARIANT | (random.nextLong() >>> 2);
        return new UUID(high, low);
    }
}
