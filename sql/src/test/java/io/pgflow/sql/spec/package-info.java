/**
 * The specification of the engine's SQL, written as tests: what each function promises, held against a real server by JDBC alone.
 *
 * <p>Each test has a database of its own, and after each of them {@code pgflow.verify()} must find nothing. {@link
 * io.pgflow.sql.spec.Specification} gives tests that database, {@link io.pgflow.sql.spec.Session} speaks with it.
 */
@NullMarked
package io.pgflow.sql.spec;

import org.jspecify.annotations.NullMarked;
