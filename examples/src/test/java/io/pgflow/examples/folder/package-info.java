/** What the analysis of a folder tells of its run is what happened. */
@NullMarked
package io.pgflow.examples.folder;

import org.jspecify.annotations.NullMarked;
