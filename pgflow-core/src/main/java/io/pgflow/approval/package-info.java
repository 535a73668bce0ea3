/**
 * Questions to people: which are open, and what somebody says to them.
 *
 * <p>The database decides who may, whether a choice is made and what a deadline does. Who somebody is, and which roles that person
 * has, is what the application says: it must have asked.
 */
@NullMarked
@MayUse({"internal.json", "internal.store", "internal.upkeep", "workflow"})
package io.pgflow.approval;

import io.pgflow.internal.arch.MayUse;
import org.jspecify.annotations.NullMarked;
