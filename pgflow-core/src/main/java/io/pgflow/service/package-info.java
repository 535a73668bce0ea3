/**
 * Services: handlers that are called by their name, with a request and an answer, and jobs: the same without waiting.
 *
 * <p>A call is a run of a workflow of a single step. So it is stored before it is carried out, any worker that has the handler may do so, and what came
 * of it can be asked for later, whatever became of the caller.
 */
@NullMarked
@MayUse({"state", "workflow"})
package io.pgflow.service;

import io.pgflow.internal.arch.MayUse;
import org.jspecify.annotations.NullMarked;
