package io.pgflow.dsl.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The parameter of a {@link MapStep} takes the item, and so says what the step maps over. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.PARAMETER)
public @interface Item {
    /** The name of the step whose output list is mapped over; the input of the run when left out. */
    String value() default "$input";
}
