/** What the audit keeps of whoever asks for something: one shape for every operation, so that one check holds for all. */
@NullMarked
@MayUse({})
package io.pgflow.audit;

import io.pgflow.internal.arch.MayUse;
import org.jspecify.annotations.NullMarked;
