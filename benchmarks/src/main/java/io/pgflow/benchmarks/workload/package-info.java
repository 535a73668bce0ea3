/**
 * What is measured: a small class a workload.
 *
 * <p>A {@link io.pgflow.benchmarks.workload.Workload} has variants; a {@link io.pgflow.benchmarks.workload.Variant} says what one round
 * does with a crew and what it gives. In which order rounds come, how often, and what is made of the numbers is not decided here.
 */
@NullMarked
package io.pgflow.benchmarks.workload;

import org.jspecify.annotations.NullMarked;
