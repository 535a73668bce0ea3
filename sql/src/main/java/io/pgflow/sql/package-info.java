/**
 * The schema of the engine and the one door through which it gets into a database.
 *
 * <p>{@link io.pgflow.sql.PgflowSchema} migrates a database or prints the SQL for people who apply it themselves. The tables and functions
 * are SQL files under {@code pgflow/migration}; the queues come from the pgmq extension or from {@code pgflow/pgmq}.
 *
 * <p>This is the only place that knows Flyway, and no type of Flyway leaves it. It touches the schemas {@code pgflow} and {@code pgmq} and
 * nothing else of the host: not its migrations, not its history table, not its settings.
 */
@NullMarked
package io.pgflow.sql;

import org.jspecify.annotations.NullMarked;
