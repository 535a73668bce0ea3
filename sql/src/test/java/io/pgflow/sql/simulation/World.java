package io.pgflow.sql.simulation;

import io.pgflow.sql.spec.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

/** What all processes of one simulation share, but know nothing of each other through. */
final class World {
    final Random random;
    final SimulatedClock clock = new SimulatedClock();
    final History history = new History(clock);
    final Faults faults;
    final Evidence evidence = new Evidence();
    final Server server;
    final Steps steps;
    final Outside outside = new Outside(this);

    /** How long a worker may be silent, and how often a process looks although nobody told it to. */
    final long lease;

    final long poll;

    private final List<Consumer<String>> listeners = new ArrayList<>();

    World(Random random, io.pgflow.sql.spec.Session session) {
        this.random = random;
        this.faults = new Faults(random);
        this.server = new Server(session, clock, faults, history);
        this.steps = new Steps(server);
        this.lease = random.nextLong(30_000, 180_000);
        this.poll = random.nextLong(3_000, 60_000);
    }

    long now() {
        return clock.now();
    }

    /** Whoever listens hears of queues that have work, {@code $gate} for the gate. */
    void listen(Consumer<String> listener) {
        listeners.add(listener);
    }

    void leave(Consumer<String> listener) {
        listeners.remove(listener);
    }

    /** Tells everybody of the queues that a call has woken; hints may be lost or late. */
    void tell(Row answer) {
        for (String queue : answer.list("woken_queues", String.class)) {
            if (faults.happens(Fault.HINT_LOST, 2)) {
                history.say("hint", queue + " is lost");
            } else if (faults.happens(Fault.HINT_LATE, 2)) {
                outside.later(random.nextLong(100, 20_000), () -> hear(queue));
            } else {
                hear(queue);
            }
        }
    }

    private void hear(String queue) {
        listeners.forEach(listener -> listener.accept(queue));
    }
}
