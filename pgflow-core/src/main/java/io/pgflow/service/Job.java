package io.pgflow.service;

import org.jspecify.annotations.Nullable;

/**
 * A request of a service that nobody waits for. Its type, in the view {@code pgflow.jobs}, is the name of the service's workflow.
 *
 * @param input null only where {@code I} may be null
 */
public record Job<I, O>(Service<I, O> service, @Nullable I input) {}
