package io.pgflow.dsl.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** How many tasks of a step may be on their way at once, all processes together? See {@link io.pgflow.workflow.Concurrency}. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({})
public @interface AtOnce {
    /** The limit, at least 1. */
    int value();

    /** Shared by all steps that give the same name; the step's own when empty. */
    String name() default "";

    /** A limit for each value of a part, such as {@code $input/tenant}; one for all when empty. */
    String by() default "";
}
