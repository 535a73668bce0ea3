package io.pgflow.notify;

import java.time.Duration;
import java.util.function.Consumer;

/**
 * Which times and limits does {@link Notifications} keep? Start from {@link #defaults()} and change what must differ; it is fixed
 * afterwards. A value out of its range is refused with {@code PGF-NTF-004}.
 *
 * @param enabled LISTEN and NOTIFY at all; false means mode OFF: polling only, and nothing is sent (default true)
 * @param pollFloor in mode NOTIFY every subscription gets {@code caughtUp()} at least this often (default 5 s; 10 ms to 1 h)
 * @param pollInterval the same in every other mode (default 1 s; 10 ms to 1 h)
 * @param keepAlive a LISTEN connection that was silent this long is asked for a sign of life (default 10 s; 10 ms to 1 h)
 * @param answerWithin how long the LISTEN connection may take to connect or to answer before it is dropped (default 5 s; 10 ms to 1 h)
 * @param probeWithin how long a notification to ourselves may take before the mode is POLLING (default 2 s; 10 ms to 1 h)
 * @param probeEvery how often it is tried again in mode POLLING (default 30 s; 10 ms to 1 h)
 * @param reconnectCap the longest pause between two tries to connect; pauses double from 100 ms (default 5 s; 10 ms to 1 h)
 * @param coalesceWindow {@link Notifications#notifyLater} sends the same thing at most once in this time, but up to five times in a row
 *     after a rest (default 20 ms; 1 ms to 1 min)
 * @param callWithin how long a statement on a borrowed connection may take (default 30 s; 10 ms to 1 h)
 * @param replyWithin a request that was not answered by then is given to a handler again (default 30 s; 1 s to 1 h)
 * @param inboxSize how many notifications wait for a slow handler before they collapse into one {@code caughtUp()} (default 1000; 1 to
 *     1,000,000)
 */
public record NotificationSettings(
        boolean enabled,
        Duration pollFloor,
        Duration pollInterval,
        Duration keepAlive,
        Duration answerWithin,
        Duration probeWithin,
        Duration probeEvery,
        Duration reconnectCap,
        Duration coalesceWindow,
        Duration callWithin,
        Duration replyWithin,
        int inboxSize) {
    private static final Duration SHORTEST = Duration.ofMillis(10);
    private static final Duration LONGEST = Duration.ofHours(1);

    private static final NotificationSettings DEFAULTS = new NotificationSettings(
            true,
            Duration.ofSeconds(5),
            Duration.ofSeconds(1),
            Duration.ofSeconds(10),
            Duration.ofSeconds(5),
            Duration.ofSeconds(2),
            Duration.ofSeconds(30),
            Duration.ofSeconds(5),
            Duration.ofMillis(20),
            Duration.ofSeconds(30),
            Duration.ofSeconds(30),
            1000);

    public NotificationSettings {
        between("pollFloor", pollFloor, SHORTEST, LONGEST);
        between("pollInterval", pollInterval, SHORTEST, LONGEST);
        between("keepAlive", keepAlive, SHORTEST, LONGEST);
        between("answerWithin", answerWithin, SHORTEST, LONGEST);
        between("probeWithin", probeWithin, SHORTEST, LONGEST);
        between("probeEvery", probeEvery, SHORTEST, LONGEST);
        between("reconnectCap", reconnectCap, SHORTEST, LONGEST);
        between("coalesceWindow", coalesceWindow, Duration.ofMillis(1), Duration.ofMinutes(1));
        between("callWithin", callWithin, SHORTEST, LONGEST);
        between("replyWithin", replyWithin, Duration.ofSeconds(1), LONGEST);
        if (inboxSize < 1 || inboxSize > 1_000_000) {
            throw outOfRange("inboxSize", inboxSize, 1, 1_000_000);
        }
    }

    /** The values named above. */
    public static NotificationSettings defaults() {
        return DEFAULTS;
    }

    public NotificationSettings withEnabled(boolean value) {
        return changed(draft -> draft.enabled = value);
    }

    public NotificationSettings withPollFloor(Duration value) {
        return changed(draft -> draft.pollFloor = value);
    }

    public NotificationSettings withPollInterval(Duration value) {
        return changed(draft -> draft.pollInterval = value);
    }

    public NotificationSettings withKeepAlive(Duration value) {
        return changed(draft -> draft.keepAlive = value);
    }

    public NotificationSettings withAnswerWithin(Duration value) {
        return changed(draft -> draft.answerWithin = value);
    }

    public NotificationSettings withProbeWithin(Duration value) {
        return changed(draft -> draft.probeWithin = value);
    }

    public NotificationSettings withProbeEvery(Duration value) {
        return changed(draft -> draft.probeEvery = value);
    }

    public NotificationSettings withReconnectCap(Duration value) {
        return changed(draft -> draft.reconnectCap = value);
    }

    public NotificationSettings withCoalesceWindow(Duration value) {
        return changed(draft -> draft.coalesceWindow = value);
    }

    public NotificationSettings withCallWithin(Duration value) {
        return changed(draft -> draft.callWithin = value);
    }

    public NotificationSettings withReplyWithin(Duration value) {
        return changed(draft -> draft.replyWithin = value);
    }

    public NotificationSettings withInboxSize(int value) {
        return changed(draft -> draft.inboxSize = value);
    }

    private NotificationSettings changed(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return draft.settings();
    }

    private static void between(String name, Duration value, Duration least, Duration most) {
        if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
            throw outOfRange(name, value, least, most);
        }
    }

    private static NotificationException outOfRange(String name, Object value, Object least, Object most) {
        return new NotificationException(
                "PGF-NTF-004",
                "the setting " + name + " is " + value + "; it must be from " + least + " to " + most + "; change it");
    }

    /** A copy that can be written to, for as long as one change takes. */
    private static final class Draft {
        private boolean enabled;
        private Duration pollFloor;
        private Duration pollInterval;
        private Duration keepAlive;
        private Duration answerWithin;
        private Duration probeWithin;
        private Duration probeEvery;
        private Duration reconnectCap;
        private Duration coalesceWindow;
        private Duration callWithin;
        private Duration replyWithin;
        private int inboxSize;

        Draft(NotificationSettings from) {
            enabled = from.enabled;
            pollFloor = from.pollFloor;
            pollInterval = from.pollInterval;
            keepAlive = from.keepAlive;
            answerWithin = from.answerWithin;
            probeWithin = from.probeWithin;
            probeEvery = from.probeEvery;
            reconnectCap = from.reconnectCap;
            coalesceWindow = from.coalesceWindow;
            callWithin = from.callWithin;
            replyWithin = from.replyWithin;
            inboxSize = from.inboxSize;
        }

        NotificationSettings settings() {
            return new NotificationSettings(
                    enabled,
                    pollFloor,
                    pollInterval,
                    keepAlive,
                    answerWithin,
                    probeWithin,
                    probeEvery,
                    reconnectCap,
                    coalesceWindow,
                    callWithin,
                    replyWithin,
                    inboxSize);
        }
    }
}
