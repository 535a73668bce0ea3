package io.pgflow.dsl.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** How many attempts, or units, of a step may begin in a time, all processes together? See {@link io.pgflow.workflow.Rate}. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({})
public @interface AtMost {
    /** Units in a period, at least 1. */
    long value();

    /** The period; ISO-8601, such as {@code PT1M}. */
    String per();

    /** Shared by all steps that give the same name; the step's own when empty. */
    String name() default "";

    /** A rate for each value of a part, such as {@code $input/tenant}; one for all when empty. */
    String by() default "";

    /** The part that says how many units an attempt uses up, such as {@code $input/tokens}; 1 each when empty. */
    String weight() default "";
}
