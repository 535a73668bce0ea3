package io.pgflow.dsl.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Which class is a workflow? Each of its methods with {@link Step} or {@link MapStep} is a step. Read by {@link io.pgflow.dsl.AnnotatedFlow}. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface Flow {
    /** The name of the workflow. */
    String value();

    /** See {@link io.pgflow.dsl.FlowBuilder#runDeadline}; ISO-8601, such as {@code PT1H}; empty for never. */
    String runDeadline() default "";
}
