/**
 * The door of pgflow: what every program sees first, and the one family of its exceptions.
 *
 * <p>Packages below use nothing from here but the exceptions; the entry point uses all of them.
 */
@NullMarked
@MayUse({"workflow", "state"})
package io.pgflow;

import io.pgflow.internal.arch.MayUse;
import org.jspecify.annotations.NullMarked;
