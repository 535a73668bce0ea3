/**
 * Measurements. Each prints what it ran on, so that a figure is never without its machine and settings.
 *
 * <p>Promises: what was measured is checked to be correct afterwards ({@code verify}); a run that is not gives no figure.
 */
@NullMarked
package io.pgflow.benchmarks;

import org.jspecify.annotations.NullMarked;
