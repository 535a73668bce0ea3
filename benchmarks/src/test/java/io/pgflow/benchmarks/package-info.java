/** The measurements run, with small numbers. */
@NullMarked
package io.pgflow.benchmarks;

import org.jspecify.annotations.NullMarked;
