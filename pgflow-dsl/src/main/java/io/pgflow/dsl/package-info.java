/**
 * Three ways to write a workflow: {@link io.pgflow.dsl.FlowBuilder} in Java, {@link io.pgflow.dsl.AnnotatedFlow} for a class
 * whose methods are the steps, and, for workflows made while the program runs, {@link io.pgflow.dsl.RuntimeFlowBuilder} and
 * {@link io.pgflow.dsl.JsonFlow}.
 *
 * <p>All end in a {@code Workflow}; nothing after this package knows which way was taken.
 */
@NullMarked
@MayUse({"workflow", "dsl.annotation"})
package io.pgflow.dsl;

import io.pgflow.internal.arch.MayUse;
import org.jspecify.annotations.NullMarked;
