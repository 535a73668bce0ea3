/**
 * SQL that others publish on npm, for tests and benchmarks; nothing of it is kept in the project.
 *
 * <p>Promise: a package is fetched once a checkout, and a folder that is there is complete.
 */
@NullMarked
package io.pgflow.npm;

import org.jspecify.annotations.NullMarked;
