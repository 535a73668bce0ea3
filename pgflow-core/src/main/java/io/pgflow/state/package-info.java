/** The states of tasks and runs. Read only: SQL performs every change. */
@NullMarked
@MayUse({})
package io.pgflow.state;

import io.pgflow.internal.arch.MayUse;
import org.jspecify.annotations.NullMarked;
