/**
 * Worker processes that are there to die: what they work on, what they leave as a witness, and the calls at which they end.
 *
 * <p>{@link io.pgflow.chaos.ChaosWorker} is the process. Each effect of a handler is a line in a file ({@link io.pgflow.chaos.Journal}),
 * which no database can undo; transactional steps also write into a table {@code ledger}. Both are counted afterwards.
 *
 * <p>Promise: a process ends when the one that started it does, and after a bounded time.
 */
@NullMarked
package io.pgflow.chaos;

import org.jspecify.annotations.NullMarked;
