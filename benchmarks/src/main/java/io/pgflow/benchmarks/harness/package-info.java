/**
 * How is something measured so that the figure means something? One server, a process for each contender, rounds in turn.
 *
 * <p>{@link io.pgflow.benchmarks.harness.DatabaseServer} is the server; a {@link io.pgflow.benchmarks.harness.Crew} is the processes of
 * one contender on a database of its own, each a {@link io.pgflow.benchmarks.harness.Member} here and a
 * {@link io.pgflow.benchmarks.harness.Child} over there.
 *
 * <p>Promises: times are taken in the process that works, never on this side of a pipe; who has no turn rests; what stays of a
 * measurement (processes, databases, a server) is gone when it ends.
 */
@NullMarked
package io.pgflow.benchmarks.harness;

import org.jspecify.annotations.NullMarked;
