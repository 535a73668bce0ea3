/**
 * A throw-away PostgreSQL server for tests, examples and laptops.
 *
 * <p>{@link io.pgflow.embedded.EmbeddedPostgresServer} is one real server that listens on the loopback address only, with its data in a
 * folder of its own. {@link io.pgflow.embedded.TestDatabases} hands out fresh databases of one server that all tests of a JVM share.
 *
 * <p>Promise: a server does not outlive its owner for long. It stops when it is closed or when the JVM ends; what a killed JVM leaves
 * behind is removed at the next start on that machine. Nothing here touches a folder that it did not create.
 */
@NullMarked
package io.pgflow.embedded;

import org.jspecify.annotations.NullMarked;
