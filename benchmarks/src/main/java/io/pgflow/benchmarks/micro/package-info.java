/**
 * What single pieces of Java cost that every task goes through, without a database: measured with JMH.
 *
 * <p>{@link io.pgflow.benchmarks.micro.MicroBenchmarks} runs them; each class here is one of JMH's benchmarks, and is public with a
 * constructor without parameters because JMH's generated code asks for that.
 */
@NullMarked
package io.pgflow.benchmarks.micro;

import org.jspecify.annotations.NullMarked;
