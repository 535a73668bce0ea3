/**
 * A whole system in one thread: workers, upkeep, clients and the outside world are plain objects, a seed says which of them makes its next
 * call, what fails and how much time passes, and the server is a real one with the clock of the seed. One seed is one history.
 *
 * <p>{@link io.pgflow.sql.simulation.SimulationTest} plays seeds, {@link io.pgflow.sql.simulation.Simulation} is one of them.
 */
@NullMarked
package io.pgflow.sql.simulation;

import org.jspecify.annotations.NullMarked;
