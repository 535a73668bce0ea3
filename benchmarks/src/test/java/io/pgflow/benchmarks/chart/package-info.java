/** What is drawn is where it should be, and a file that an XML parser reads. */
@NullMarked
package io.pgflow.benchmarks.chart;

import org.jspecify.annotations.NullMarked;
