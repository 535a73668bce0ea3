package io.pgflow.workflow;

import io.pgflow.InvalidPayloadException;
import io.pgflow.internal.json.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** What does a step do? */
public sealed interface Action permits Action.Work, Action.SubWorkflow, Action.Sleep, Action.AwaitSignal, Approval {

    /**
     * A worker calls a handler.
     *
     * @param handler the name under which a worker knows the code; {@code <workflow>.<step>} for a typed step
     * @param input the JSON template of the handler's input, for steps with registered handlers; see {@link RegisteredHandler}
     */
    record Work(String handler, Optional<String> input) implements Action {

        public Work {
            input = input.map(Action::withoutSpaces);
        }
    }

    /**
     * The step waits for a time, without a worker. Its output is null.
     *
     * @param until JSON: an ISO-8601 duration such as {@code "PT1H"}, a time with its offset such as {@code "2026-01-31T08:00:00Z"}, or a
     *     reference {@code {"$from": ..., "pointer": ...}} to one of these in the run's input or in the output of a dependency
     */
    record Sleep(String until) implements Action {

        public Sleep {
            until = withoutSpaces(until);
        }

        public static Sleep of(Duration duration) {
            return new Sleep(Json.writeTree(duration.toString()));
        }

        public static Sleep until(Instant time) {
            return new Sleep(Json.writeTree(time.toString()));
        }

        /** The same as a person writes it: a duration or a time without quotation marks, or a reference, which begins with a brace. */
        public static Sleep written(String until) {
            return new Sleep(until.startsWith("{") ? until : Json.writeTree(until));
        }

        /** Until the time that stands there, or for the duration. */
        public static Sleep until(Reference time) {
            return new Sleep(time.json());
        }
    }

    /**
     * The step waits for a signal, without a worker. Its output is what came with the signal.
     *
     * @param signal the name, {@code ^[a-z][a-z0-9_]{0,39}$}
     * @param within how long it waits before it fails ({@code PGF-RUN-013}), 10 ms to 3650 days; for ever when empty
     */
    record AwaitSignal(String signal, Optional<Duration> within) implements Action {

        /** Waits for as long as it takes. */
        public static AwaitSignal of(String signal) {
            return new AwaitSignal(signal, Optional.empty());
        }

        public AwaitSignal within(Duration most) {
            return new AwaitSignal(signal, Optional.of(most));
        }
    }

    /**
     * The step starts a run of another workflow and waits for it, without a worker. Its output is that of the run; when the run fails
     * the attempt has failed, and a retry starts another run. With a {@linkplain StepOptions#deadline() deadline} it waits no longer than
     * that, over all attempts; then the run is cancelled.
     *
     * @param workflow the name of the other workflow, or of this one
     * @param version the version; the newest at the moment of the start when empty
     * @param input the JSON template of the run's input, see {@link RegisteredHandler}; without one it is what a registered handler
     *     would read
     */
    record SubWorkflow(String workflow, Optional<Integer> version, Optional<String> input) implements Action {

        public SubWorkflow {
            input = input.map(Action::withoutSpaces);
        }

        /** A run of its newest version. */
        public static SubWorkflow of(String workflow) {
            return new SubWorkflow(workflow, Optional.empty(), Optional.empty());
        }

        /** A run of this version, whatever is newer. */
        public SubWorkflow version(int number) {
            return new SubWorkflow(workflow, Optional.of(number), input);
        }

        /** With this template of its input. */
        public SubWorkflow input(String json) {
            return new SubWorkflow(workflow, version, Optional.of(json));
        }
    }

    /** Texts that differ only in white space are one; a malformed one is kept for the check to report. */
    private static String withoutSpaces(String json) {
        try {
            return Json.writeTree(Json.tree(json, "the step"));
        } catch (InvalidPayloadException e) {
            return json;
        }
    }
}
