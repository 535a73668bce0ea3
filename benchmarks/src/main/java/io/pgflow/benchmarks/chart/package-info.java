/**
 * How does one number follow another? Line charts as SVG, without a library.
 *
 * <p>Promises: the same numbers give the same text, so that a chart under version control changes only with its figures; what is drawn
 * can be read on a light and on a dark page.
 */
@NullMarked
package io.pgflow.benchmarks.chart;

import org.jspecify.annotations.NullMarked;
