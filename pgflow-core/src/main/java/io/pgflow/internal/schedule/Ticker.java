package io.pgflow.internal.schedule;

import io.pgflow.internal.store.Advanced;
import io.pgflow.internal.store.DueSchedule;
import io.pgflow.internal.store.ScheduleStore;
import io.pgflow.internal.store.ScheduleTurn;
import io.pgflow.internal.upkeep.Consequences;
import io.pgflow.internal.upkeep.Upkeep;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Advances the schedules that are due: reads them, computes their ticks, has SQL start the runs. Called by upkeep of every process; who comes
 * second changes nothing. A schedule that cannot be computed is paused, and says why.
 */
public final class Ticker implements Upkeep.Ticking {

    private static final Logger log = LoggerFactory.getLogger(Ticker.class);

    private final ScheduleStore store;
    private final Consequences consequences;

    public Ticker(ScheduleStore store, Consequences consequences) {
        this.store = store;
        this.consequences = consequences;
    }

    @Override
    public Optional<Duration> tick() {
        while (true) {
            List<DueSchedule> due = store.due();
            var turns = new ArrayList<ScheduleTurn>();
            for (DueSchedule schedule : due) {
                turn(schedule).ifPresent(turns::add);
            }
            Advanced advanced = store.advance(turns);
            consequences.follow(advanced.outcome().withoutTimer());
            if (due.size() < ScheduleStore.MOST_DUE || advanced.schedules() == 0) {
                return advanced.outcome().nextDueIn();
            }
        }
    }

    private Optional<ScheduleTurn> turn(DueSchedule schedule) {
        try {
            return Optional.of(Turns.of(schedule));
        } catch (IllegalArgumentException e) {
            if (store.refuse(schedule.scheduleId(), schedule.decidedUntil(), String.valueOf(e.getMessage()))) {
                log.warn("schedule {} is paused: {}", schedule.name(), e.getMessage());
            }
            return Optional.empty();
        }
    }
}
