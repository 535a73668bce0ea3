/** Lets each package state its own place in the architecture. */
@NullMarked
@MayUse({})
package io.pgflow.internal.arch;

import org.jspecify.annotations.NullMarked;
