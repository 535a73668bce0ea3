package io.pgflow.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Tests of this class may have parameters of the types {@link PgflowTestKit}, {@link io.pgflow.Pgflow} and {@link javax.sql.DataSource}.
 *
 * <p>They are of one kit for each test, on a database of its own in an embedded PostgreSQL that all tests of the JVM share (or the server
 * that {@code PGFLOW_TEST_JDBC_URL} names). Everything is closed after the test. For other databases or settings, and for workflows that all tests
 * need, register a {@link PgflowExtension} instead. A test that gives workflows to the kit asks it for its {@link PgflowTestKit#pgflow}
 * afterwards: a parameter of type {@code Pgflow} is the engine of before.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@ExtendWith(PgflowExtension.class)
public @interface PgflowTest {}
