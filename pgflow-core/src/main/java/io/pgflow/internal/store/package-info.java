/**
 * The engine's words to PostgreSQL: one method, one SQL function, one transaction.
 *
 * <p>State lives in the database and changes only through its functions, so nothing here decides anything. Every call has a
 * deadline; what fails is a {@link io.pgflow.DatabaseException} that says whether trying again makes sense. The only package
 * that knows jOOQ, and the only one that sees SQL.
 */
@NullMarked
@MayUse({"internal.store.schema"})
package io.pgflow.internal.store;

import io.pgflow.internal.arch.MayUse;
import org.jspecify.annotations.NullMarked;
