package io.pgflow.operation;

/**
 * What came of an operation on many runs?
 *
 * @param matched how many runs matched when their turn came
 * @param done of how many of them it was done; the others had moved on meanwhile, it does not apply to them, or it was
 *     done by a try whose answer was lost
 */
public record BulkOutcome(long matched, long done) {}
