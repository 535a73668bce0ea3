package io.pgflow.worker;

import io.pgflow.internal.upkeep.Consequences;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where attempts that ended, or began, made room for others: at the gate of limited steps, in queues with a limit, and in the slots that
 * this process has for a queue. Most work has none of these, and then nothing is said.
 */
final class FreedRoom {

    private final Consequences consequences;
    private final Set<String> ownSlots;
    private final Runnable look;
    /** Queues with a limit in the database, as far as this process has heard. */
    private volatile Set<String> limited = Set.of();

    private final Set<String> queues = new HashSet<>();
    private boolean gate;
    private boolean slots;

    /** @param ownSlots queues of which this process runs only some tasks at once, and {@code look} when one of them has ended */
    FreedRoom(Consequences consequences, Set<String> ownSlots, Runnable look) {
        this.consequences = consequences;
        this.ownSlots = Set.copyOf(ownSlots);
        this.look = look;
    }

    void limited(Set<String> inTheDatabase) {
        limited = inTheDatabase;
    }

    /** Only by the thread that reports. */
    void ended(@Nullable Attempt attempt) {
        if (attempt == null) {
            return;
        }
        gate |= !attempt.limits().isNone();
        slots |= ownSlots.contains(attempt.queue());
        if (limited.contains(attempt.queue())) {
            queues.add(attempt.queue());
        }
    }

    /** What has ended is reported by now. Only by the thread that reports. */
    void tell() {
        if (gate) {
            gate = false;
            consequences.admit();
        }
        if (slots) {
            slots = false;
            look.run();
        }
        if (!queues.isEmpty()) {
            consequences.roomIn(Set.copyOf(queues));
            queues.clear();
        }
    }
}
