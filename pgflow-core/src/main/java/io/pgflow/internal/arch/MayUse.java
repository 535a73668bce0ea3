package io.pgflow.internal.arch;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The packages of pgflow that a package may use, named below {@code io.pgflow}. Exceptions of the root package and, in
 * pgflow-core, other modules need no mention. {@code ArchitectureTest} reads every one of these and fails on any other use.
 */
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.PACKAGE)
public @interface MayUse {
    /** Package names relative to {@code io.pgflow}, for example {@code "internal.json"}. */
    String[] value();
}
