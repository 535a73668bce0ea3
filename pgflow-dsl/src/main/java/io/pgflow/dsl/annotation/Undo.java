package io.pgflow.dsl.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Which method takes back what a step did, when the run fails or is cancelled? It has one parameter without an annotation, which takes
 * the output of the step, of a map step that of an item; and, if it likes, a {@link io.pgflow.workflow.TaskContext} and a {@link
 * java.sql.Connection}, which makes it transactional.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Undo {
    /** The name of the step. */
    String value();

    /** Tries in all, 1 to 100; as many as the step has when 0. */
    int maxAttempts() default 0;
}
