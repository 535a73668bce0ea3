/**
 * What a person does with runs after they were started: retry, rerun, skip, give outputs, start again.
 *
 * <p>Every operation is one transaction that locks the run first, so it is safe beside anything that goes on in the run; who asked and
 * why stand in the audit. What it came to is a value: an operation that does not apply changes nothing and says why.
 */
@NullMarked
@MayUse({"audit", "internal.json", "internal.signal", "internal.store", "internal.upkeep", "state"})
package io.pgflow.operation;

import io.pgflow.internal.arch.MayUse;
import org.jspecify.annotations.NullMarked;
