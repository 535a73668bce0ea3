/**
 * Programs to read and to run. Each brings its own PostgreSQL server, which is gone when the program ends.
 *
 * <p>Promises: each ends by itself and leaves nothing running; the tests run every one of them.
 */
@NullMarked
package io.pgflow.examples;

import org.jspecify.annotations.NullMarked;
