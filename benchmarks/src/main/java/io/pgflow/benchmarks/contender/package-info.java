/**
 * The engines that are measured side by side: ours and its neighbours, each driven the way its own documentation recommends.
 *
 * <p>Promises: every contender does the same work with handlers that do nothing, on a database of its own, and counts a piece of
 * work as done only when the database has it durably.
 */
@NullMarked
package io.pgflow.benchmarks.contender;

import org.jspecify.annotations.NullMarked;
