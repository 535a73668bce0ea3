/**
 * What a workflow is: an immutable graph of steps, checked once and then only read; and what the code behind a step is given.
 *
 * <p>Pure values. No database, no threads, no clock. A definition that exists is valid: every problem is found when it is
 * made, all of them at once. The same graph gives the same definition in whatever order its steps were written, and so the
 * same version in the database.
 */
@NullMarked
@MayUse("internal.json")
package io.pgflow.workflow;

import io.pgflow.internal.arch.MayUse;
import org.jspecify.annotations.NullMarked;
