package io.pgflow.dsl.annotation;

import io.pgflow.workflow.OnFailure;
import io.pgflow.workflow.Otherwise;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Which method is run once per item? As {@link Step}, with one parameter {@link Item}; it gives what becomes one entry of the output list. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface MapStep {
    /** The name of the step. */
    String value();

    /** The steps that must have ended first though their outputs are not read; those of parameters need no mention. */
    String[] after() default {};

    /** See {@link io.pgflow.dsl.OptionVerbs#queue}. */
    String queue() default "default";

    /** See {@link io.pgflow.dsl.OptionVerbs#maxAttempts}. */
    int maxAttempts() default 3;

    /** See {@link io.pgflow.dsl.OptionVerbs#timeout}; ISO-8601, such as {@code PT30S}. */
    String timeout() default "PT5M";

    /** See {@link io.pgflow.dsl.OptionVerbs#deadline}; ISO-8601, such as {@code PT1H}; empty for never. */
    String deadline() default "";

    /** See {@link io.pgflow.dsl.OptionVerbs#retryDelay}; ISO-8601. */
    String retryDelay() default "PT1S";

    /** See {@link io.pgflow.dsl.OptionVerbs#maxRetryDelay}; ISO-8601. */
    String maxRetryDelay() default "PT1M";

    /** See {@link io.pgflow.dsl.OptionVerbs#retryJitter}. */
    double retryJitter() default 0.2;

    /** A condition as JSON, such as {@code {"$from": "$input", "pointer": "/vip", "eq": true}}; empty for always. */
    String when() default "";

    /** See {@link io.pgflow.dsl.OptionVerbs#otherwise}. */
    Otherwise otherwise() default Otherwise.SKIP;

    /** See {@link io.pgflow.dsl.OptionVerbs#onFailure}; {@code FALLBACK} with {@link #fallback}. */
    OnFailure.Reaction onFailure() default OnFailure.Reaction.FAIL;

    /** The output, as JSON, that stands in when no attempt remains. */
    String fallback() default "";

    /** For how long an output is used again for tasks of the same {@link #cacheKey}, ISO-8601; empty for never. */
    String cacheFor() default "";

    /** What the output depends on, as a JSON template such as {@code [{"$from": "$input", "pointer": "/id"}]}; with {@link #cacheFor}. */
    String cacheKey() default "";

    /** A cache that steps share; with {@link #cacheFor}. */
    String cacheName() default "";

    /** See {@link io.pgflow.dsl.Over#atOnce}; 0 for all. */
    int atOnce() default 0;

    /** Items may fail; what reads the output reads a {@link io.pgflow.workflow.Collected}. */
    boolean collect() default false;

    /** See {@link io.pgflow.dsl.OptionVerbs#concurrency}. */
    AtOnce[] concurrency() default {};

    /** See {@link io.pgflow.dsl.OptionVerbs#rate}. */
    AtMost[] rate() default {};

    /** See {@link io.pgflow.dsl.OptionVerbs#fairBy}; a part such as {@code $input/tenant}. */
    String fairBy() default "";
}
