/** Every example runs, and gives what its readers are told it gives. */
@NullMarked
package io.pgflow.examples;

import org.jspecify.annotations.NullMarked;
