package io.pgflow.internal.store;

/** Where a definition is stored. */
public record DefinedWorkflow(long workflowId, int version) {}
