/** A workflow written as a class: its methods are the steps, their parameters are the edges. Options have the words of the model. */
@NullMarked
@MayUse("workflow")
package io.pgflow.dsl.annotation;

import io.pgflow.internal.arch.MayUse;
import org.jspecify.annotations.NullMarked;
