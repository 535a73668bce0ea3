/**
 * What goes wrong between an application and its database, made to happen on purpose.
 *
 * <p>{@link io.pgflow.faults.FaultProxy} is a network that fails: slow, silent, broken, or deaf in one direction.
 * {@link io.pgflow.faults.FaultDataSource} is a driver that fails: before a statement, or after it was carried out.
 *
 * <p>Promise: nothing here touches anything but the bytes and calls that pass through it. What is decided by chance is decided by a
 * seed, so that the same order of calls meets the same faults.
 */
@NullMarked
package io.pgflow.faults;

import org.jspecify.annotations.NullMarked;
