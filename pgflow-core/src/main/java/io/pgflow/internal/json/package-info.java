/**
 * JSON: the only package that knows Jackson.
 *
 * <p>Values are read as the type that a step declares, never as a class that the text names. Decimals stay exact. Properties
 * that a type does not know are ignored, so that a producer may grow before its consumers do; a missing or null number,
 * boolean or other primitive is an error, a missing object is null and left to the type's own constructor to refuse.
 * Nulls, zeros, empty strings and false are values like any other and survive.
 */
@NullMarked
@MayUse({})
package io.pgflow.internal.json;

import io.pgflow.internal.arch.MayUse;
import org.jspecify.annotations.NullMarked;
