package io.pgflow.executor;

/**
 * The answer to a start that another run may stand for.
 *
 * @param run the run that was started, or stands for it
 * @param outcome which of these
 */
public record StartedOnce<O>(Run<O> run, StartOutcome outcome) {}
