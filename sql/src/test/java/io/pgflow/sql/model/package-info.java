/**
 * The design as a small machine in memory, independent of the SQL: its rules in a page of Java, and a walk through every state it can reach.
 */
@NullMarked
package io.pgflow.sql.model;

import org.jspecify.annotations.NullMarked;
