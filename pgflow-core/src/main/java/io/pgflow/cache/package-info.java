/** Outputs of steps that are kept under a key, to be used again: the part of it that a person or a program asks for. */
@NullMarked
@MayUse({"internal.json", "internal.store"})
package io.pgflow.cache;

import io.pgflow.internal.arch.MayUse;
import org.jspecify.annotations.NullMarked;
