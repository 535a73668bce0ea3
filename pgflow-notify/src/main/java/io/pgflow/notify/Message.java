package io.pgflow.notify;

import java.time.Instant;

/**
 * What was read from a queue? Times are the database's.
 *
 * @param id the number of the message in its queue
 * @param reads how often it was read, this time included; 2 or more means that an earlier reader did not delete it
 * @param visibleAt when it will be readable again, unless it is deleted or archived before
 */
public record Message(long id, int reads, Instant enqueuedAt, Instant visibleAt, String json) {}
