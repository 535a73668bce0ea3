package io.pgflow.chaos;

import java.util.Arrays;
import java.util.Map;

/**
 * What was measured at one moment.
 *
 * @param seconds since the load began
 * @param connections of the engine, as the server counts them
 * @param bytes of each table, its indexes and what is stored beside it
 * @param rows of the tables that are counted
 */
record SoakSample(long seconds, OfEngine engine, int connections, Map<String, Long> bytes, Map<String, Long> rows) {

    /**
     * What the process says of itself.
     *
     * @param heap bytes in use after a full collection
     * @param busy connections that are taken out of its pool, the least in two seconds
     */
    record OfEngine(long heap, int threads, int classes, int busy, Done done) {

        static OfEngine of(String line) {
            long[] n = Arrays.stream(line.split(" ", -1))
                    .mapToLong(Long::parseLong)
                    .toArray();
            return new OfEngine(
                    n[0], (int) n[1], (int) n[2], (int) n[3], new Done(n[4], n[5], n[6], n[7], n[8], n[9], n[10]));
        }

        @Override
        public String toString() {
            return heap + " " + threads + " " + classes + " " + busy + " " + done;
        }
    }

    /** How much there was to do since it began, so that nothing is flat because nothing happened. */
    record Done(long started, long awaited, long tasks, long versions, long engines, long subscriptions, long refused) {

        @Override
        public String toString() {
            return started + " " + awaited + " " + tasks + " " + versions + " " + engines + " " + subscriptions + " "
                    + refused;
        }
    }

    long bytesInAll() {
        return bytes.values().stream().mapToLong(Long::longValue).sum();
    }
}
