package io.pgflow.internal.store;

import java.time.Duration;
import java.util.Optional;

/** How an attempt ended. */
public sealed interface Report {

    /** Who takes reports, each kind its own way. Whoever adds a kind has to say how. */
    interface Taker {
        void take(Completion completion);

        void take(Deferred deferred);

        void take(Failure failure);

        void take(Committed committed);

        void take(Release release);
    }

    /** The task, under the fence of the attempt. */
    TaskId task();

    /** How much text it carries, in characters. */
    default int size() {
        return 0;
    }

    /** Hands the report over as what it is. */
    void to(Taker taker);

    /** The handler returned. */
    record Completion(TaskId task, String output) implements Report {
        @Override
        public int size() {
            return output.length();
        }

        @Override
        public void to(Taker taker) {
            taker.take(this);
        }
    }

    /** The handler returned, and has left the task to the outside. */
    record Deferred(TaskId task) implements Report {
        @Override
        public void to(Taker taker) {
            taker.take(this);
        }
    }

    /** The handler failed; {@code error} is JSON text. */
    record Failure(TaskId task, String error, boolean retryable, Optional<Duration> retryAfter) implements Report {
        @Override
        public int size() {
            return error.length();
        }

        @Override
        public void to(Taker taker) {
            taker.take(this);
        }
    }

    /** The task was completed in the transaction of its handler; what followed is left to be done. */
    record Committed(TaskId task, Outcome outcome) implements Report {
        @Override
        public void to(Taker taker) {
            taker.take(this);
        }
    }

    /**
     * The attempt neither succeeded nor failed, and does not count; or, when the answer to the commit of its transaction was lost, it
     * did succeed, and {@code perhaps} followed. A release changes nothing then.
     */
    record Release(TaskId task, Outcome perhaps) implements Report {
        @Override
        public void to(Taker taker) {
            taker.take(this);
        }
    }
}
