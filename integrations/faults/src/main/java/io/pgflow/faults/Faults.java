package io.pgflow.faults;

import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which calls shall fail, and how? {@code Faults.seeded(7).rate(0.01)} breaks one call in a hundred, half of them after the database
 * carried them out. May be changed while connections are in use, and be asked by all of them at once.
 */
public final class Faults {

    private record Hold(String marker, Parked parked) {}

    private record Once(String marker, Fault fault, boolean last) {}

    private final Random random;
    private final List<Hold> holds = new CopyOnWriteArrayList<>();
    private final List<Once> onces = new CopyOnWriteArrayList<>();
    private final Map<Fault, Long> counts = new EnumMap<>(Fault.class);
    private double failBefore;
    private double executeAndFail;
    private Predicate<String> among = sql -> true;
    /** Whose call is the last one; nobody else's gets through any more. */
    private volatile @Nullable Thread lastCaller;

    private volatile boolean ended;

    private Faults(long seed) {
        random = new Random(seed);
    }

    /** None, until told otherwise. */
    public static Faults seeded(long seed) {
        return new Faults(seed);
    }

    /** That share of all calls breaks, 0 to 1: half of them before, half of them after the database carried them out. */
    public Faults rate(double share) {
        return rates(share / 2, share / 2);
    }

    /** The shares of calls that break before, and after, the database carried them out; together 0 to 1. */
    public synchronized Faults rates(double failBefore, double executeAndFail) {
        if (!(failBefore >= 0 && executeAndFail >= 0 && failBefore + executeAndFail <= 1)) {
            throw new IllegalArgumentException(
                    "shares of calls are from 0 to 1 together, not " + failBefore + " and " + executeAndFail);
        }
        this.failBefore = failBefore;
        this.executeAndFail = executeAndFail;
        return this;
    }

    /** Only calls whose SQL passes the test can break; {@code commit} stands for a commit. All, unless told otherwise. */
    public synchronized Faults among(Predicate<String> sql) {
        among = sql;
        return this;
    }

    /** The next call whose SQL contains the marker is held before it reaches the database. Close what is returned to let it go on. */
    public Parked park(String marker) {
        Parked parked = new Parked();
        holds.add(new Hold(marker.toLowerCase(Locale.ROOT), parked));
        return parked;
    }

    /** The next call whose SQL contains the marker meets this fault, whatever the shares say. */
    public Faults once(Fault fault, String marker) {
        onces.add(new Once(marker.toLowerCase(Locale.ROOT), fault, false));
        return this;
    }

    /**
     * The next call whose SQL contains the marker meets this fault, and no later call gets through: as when a process, or its link, ends
     * there for good.
     */
    public Faults endAt(Fault fault, String marker) {
        onces.add(new Once(marker.toLowerCase(Locale.ROOT), fault, true));
        return this;
    }

    /** Whether a call has come to where {@link #endAt} says, and was carried out there if it was to be. */
    public boolean hasEnded() {
        return ended;
    }

    /** From now on nothing breaks: no share of the calls, and none of those that were to break once; what had ended goes on. What is held stays held. */
    public Faults heal() {
        onces.clear();
        lastCaller = null;
        ended = false;
        return rates(0, 0);
    }

    /** How many calls met this fault so far. */
    public synchronized long count(Fault fault) {
        return counts.getOrDefault(fault, 0L);
    }

    /** What this call meets, after it was held for whoever parked it. */
    Fault meet(String sql) throws InterruptedException {
        String text = sql.toLowerCase(Locale.ROOT);
        Optional<Hold> hold = take(holds, each -> text.contains(each.marker()));
        if (hold.isPresent()) {
            hold.get().parked().hold();
        }
        Optional<Once> once = take(onces, each -> text.contains(each.marker()));
        if (lastCaller != null) {
            return counted(Fault.FAIL_BEFORE);
        }
        if (once.isEmpty()) {
            return decide(sql);
        }
        if (once.get().last()) {
            lastCaller = Thread.currentThread();
            ended = once.get().fault() == Fault.FAIL_BEFORE;
        }
        return counted(once.get().fault());
    }

    /** A call of this thread that was to be carried out and then to fail has been. */
    void carriedOut() {
        ended |= Thread.currentThread() == lastCaller;
    }

    private synchronized Fault decide(String sql) {
        double drawn = random.nextDouble();
        if (!among.test(sql) || drawn >= failBefore + executeAndFail) {
            return counted(Fault.NONE);
        }
        return counted(drawn < failBefore ? Fault.FAIL_BEFORE : Fault.EXECUTE_AND_FAIL);
    }

    private synchronized Fault counted(Fault fault) {
        counts.merge(fault, 1L, Long::sum);
        return fault;
    }

    /** Of two calls that find the same entry, one gets it. */
    private static <T> Optional<T> take(List<T> entries, Predicate<T> fits) {
        return List.copyOf(entries).stream()
                .filter(fits)
                .filter(entries::remove)
                .findFirst();
    }
}
