/**
 * Tests of workflows, which say when work is done, what time it is, and what goes wrong.
 *
 * <p>{@link io.pgflow.testkit.PgflowTestKit} is a real engine on a real PostgreSQL whose clock stands and whose worker works only when
 * told to. {@link io.pgflow.testkit.PgflowTest} and {@link io.pgflow.testkit.PgflowExtension} give tests of JUnit 5 one each.
 * {@link io.pgflow.testkit.RunAssert} says what became of a run.
 *
 * <p>Promise: nothing here decides anything by time that passes. The tables of the engine are changed by its functions only.
 */
@NullMarked
package io.pgflow.testkit;

import org.jspecify.annotations.NullMarked;
