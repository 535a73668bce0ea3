package io.pgflow.executor;

import java.time.Duration;

/**
 * How long does one run stand for all starts with its key? Made by {@link StartOptions}.
 *
 * @param how until what
 * @param key of the workflow and the kind, 1 to 200 characters
 * @param period for {@link How#WITHIN} how long; for {@link How#DEBOUNCE} how long nobody must ask again; zero otherwise
 * @param maxWait for {@link How#DEBOUNCE}, after which time from the first start the run begins in any case; zero otherwise
 */
public record Once(How how, String key, Duration period, Duration maxWait) {

    /** What a run stands for the other starts until. */
    public enum How {
        /** It has ended. */
        UNFINISHED("unfinished"),
        /** A period has passed since it was started. */
        WITHIN("within"),
        /** It begins, when nobody has asked for a while. */
        DEBOUNCE("debounce");

        private final String word;

        How(String word) {
            this.word = word;
        }

        String word() {
            return word;
        }
    }

    public Once {
        StartOptions.checkLength("the key", key, StartOptions.LONGEST_NAME);
        if (how != How.UNFINISHED && (period.isNegative() || period.isZero())) {
            throw StartRefusedException.badOptions("the period is not positive: " + period);
        }
        if (how == How.DEBOUNCE && maxWait.compareTo(period) < 0) {
            throw StartRefusedException.badOptions(
                    "the longest wait, " + maxWait + ", is shorter than the period, " + period);
        }
    }
}
