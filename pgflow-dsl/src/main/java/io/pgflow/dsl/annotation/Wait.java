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
 * Which steps of the class have no method, since they wait for something? Stands at the class, once for each; says one of
 * {@link #sleep}, {@link #signal} and {@link #approval}. What a signal brought, or people decided, is read like the output of any step, with {@link From}.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@Repeatable(Waits.class)
public @interface Wait {
    /** The name of the step. */
    String value();

    /** The steps that must have ended first. */
    String[] after() default {};

    /**
     * Waits so long, such as {@code PT1H}, or until that time, such as {@code 2026-01-31T08:00:00Z}, or as it says in the run, such as
     * <code>{"$from": "$input", "pointer": "/until"}</code>.
     */
    String sleep() default "";

    /** Waits for the signal of this name. */
    String signal() default "";

    /** How long it waits for the signal before it fails; ISO-8601, for ever when empty. */
    String within() default "";

    /** Asks people; the JSON of an approval, such as <code>{"question": "May this be paid?", "roles": ["finance"]}</code>. */
    String approval() default "";

    /** See {@link Step#when}. */
    String when() default "";

    /** See {@link io.pgflow.dsl.OptionVerbs#otherwise}. */
    Otherwise otherwise() default Otherwise.SKIP;

    /** See {@link io.pgflow.dsl.OptionVerbs#onFailure}; {@code FALLBACK} with {@link #fallback}. */
    OnFailure.Reaction onFailure() default OnFailure.Reaction.FAIL;

    /** The output, as JSON, that stands in when the step fails for good: the signal did not come in time, or nobody can be asked. */
    String fallback() default "";
}
