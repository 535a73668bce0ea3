/**
 * What handlers tell of their work before it ends: how far they are, and parts of their outputs.
 *
 * <p>It is for people who watch, not for the truth: it is kept for an hour, is no part of the history, and a crash of the server
 * empties it. What a step gave is its output.
 */
@NullMarked
@MayUse({"internal.signal", "internal.store"})
package io.pgflow.progress;

import io.pgflow.internal.arch.MayUse;
import org.jspecify.annotations.NullMarked;
