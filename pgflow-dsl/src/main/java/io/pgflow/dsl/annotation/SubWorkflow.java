package io.pgflow.dsl.annotation;

import io.pgflow.workflow.OnFailure;
import io.pgflow.workflow.Otherwise;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Which steps of the class have no method, since they run another workflow? Stands at the class, once for each; see {@link
 * io.pgflow.workflow.Action.SubWorkflow}. What the run returned is read like the output of any step, with {@link From}.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@Repeatable(SubWorkflows.class)
public @interface SubWorkflow {
    /** The name of the step. */
    String value();

    /** The name of the other workflow. */
    String workflow();

    /** Its version; 0 for the newest at the moment of the start. */
    int version() default 0;

    /** The steps that must have ended first. */
    String[] after() default {};

    /** Starts a run for each item of what this step gives, or of the run's input for {@code $input}; one run when empty. */
    String over() default "";

    /** The template of the run's input, as JSON; see {@link io.pgflow.workflow.RegisteredHandler}. */
    String input() default "";

    /** How many runs are started in all while they fail; see {@link io.pgflow.dsl.OptionVerbs#maxAttempts}. */
    int maxAttempts() default 3;

    /** See {@link io.pgflow.dsl.OptionVerbs#deadline}; ISO-8601, such as {@code PT1H}; empty for never. */
    String deadline() default "";

    /** See {@link io.pgflow.dsl.OptionVerbs#retryDelay}; ISO-8601. */
    String retryDelay() default "PT1S";

    /** See {@link io.pgflow.dsl.OptionVerbs#maxRetryDelay}; ISO-8601. */
    String maxRetryDelay() default "PT1M";

    /** See {@link io.pgflow.dsl.OptionVerbs#retryJitter}. */
    double retryJitter() default 0.2;

    /** With {@link #over}, how many runs are on their way at once; see {@link io.pgflow.dsl.Over#atOnce}; 0 for all. */
    int atOnce() default 0;

    /** With {@link #over}, runs may fail; what reads the output reads a {@link io.pgflow.workflow.Collected}. */
    boolean collect() default false;

    /** See {@link Step#when}. */
    String when() default "";

    /** See {@link io.pgflow.dsl.OptionVerbs#otherwise}. */
    Otherwise otherwise() default Otherwise.SKIP;

    /** See {@link io.pgflow.dsl.OptionVerbs#onFailure}; {@code FALLBACK} with {@link #fallback}. */
    OnFailure.Reaction onFailure() default OnFailure.Reaction.FAIL;

    /** The output, as JSON, that stands in when no attempt remains. */
    String fallback() default "";
}
