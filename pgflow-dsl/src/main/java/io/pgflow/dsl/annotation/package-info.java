/** A workflow written as a class: its methods are the steps, their parameters are the edges. */
@NullMarked
package io.pgflow.dsl.annotation;

import org.jspecify.annotations.NullMarked;
