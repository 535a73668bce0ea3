/** Every engine that is measured does what it says it can, with a handful of jobs. */
@NullMarked
package io.pgflow.benchmarks.contender;

import org.jspecify.annotations.NullMarked;
