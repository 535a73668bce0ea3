package io.pgflow;

import io.pgflow.state.RunState;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What can be set? Little: start from {@link #defaults()} or {@link #fromEnvironment()} and change what must differ. Checked
 * when built, fixed afterwards.
 *
 * <p>Each value has an environment variable, {@code PGFLOW_} and its name in capitals ({@code PGFLOW_CONCURRENCY=200},
 * {@code PGFLOW_QUEUES=default,reports}, {@code PGFLOW_STOP_GRACE=PT1M}). Durations are written as in ISO 8601.
 */
public final class PgflowSettings {

    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{0,39}");
    /** Variables for tests, and those that Kubernetes gives to every pod beside a service named pgflow. */
    private static final Pattern NOT_OURS = Pattern.compile("PGFLOW_(TEST|SERVICE|PORT)(_.*)?");

    private static final Duration SHORTEST = Duration.ofMillis(10);
    private static final PgflowSettings DEFAULTS = builder().build();

    private final Builder values;

    private PgflowSettings(Builder values) {
        this.values = values;
    }

    /** The values that each setter names. */
    public static PgflowSettings defaults() {
        return DEFAULTS;
    }

    /** The defaults, changed by the environment's variables that begin with {@code PGFLOW_}. */
    public static PgflowSettings fromEnvironment() {
        return from(System.getenv());
    }

    /** The defaults, changed by variables given as a map. */
    public static PgflowSettings from(Map<String, String> variables) {
        return builder().from(variables).build();
    }

    public static Builder builder() {
        return new Builder();
    }

    public String workerName() {
        return values.workerName;
    }

    public List<String> queues() {
        return values.queues;
    }

    /** How many handlers of a queue run at once in this process, for queues that have such a number. */
    public Map<String, Integer> queueSlots() {
        return values.queueSlots;
    }

    /** Whose tasks this process runs; all that it is given when empty. */
    public List<String> workflows() {
        return values.workflows;
    }

    public int concurrency() {
        return values.concurrency;
    }

    public int transactionalConnections() {
        return values.transactionalConnections;
    }

    public Duration heartbeat() {
        return values.heartbeat;
    }

    public Duration expiresAfter() {
        return values.expiresAfter;
    }

    public Duration stopGrace() {
        return values.stopGrace;
    }

    public Duration pollInterval() {
        return values.pollInterval;
    }

    public Duration callDeadline() {
        return values.callDeadline;
    }

    public int maxPayloadBytes() {
        return values.maxPayloadBytes;
    }

    public boolean notifications() {
        return values.notifications;
    }

    /** How long runs are kept after they ended in that state; those in other states are kept for good. */
    public Map<RunState, Duration> retention() {
        return Map.copyOf(values.retention);
    }

    /** Collects values; {@link #build} checks them all and reports every problem at once. */
    public static final class Builder {
        private String workerName = "pgflow-" + ProcessHandle.current().pid();
        private List<String> queues = List.of("default");
        private Map<String, Integer> queueSlots = Map.of();
        private List<String> workflows = List.of();
        private int concurrency = 100;
        private int transactionalConnections = 4;
        private Duration heartbeat = Duration.ofSeconds(3);
        private Duration expiresAfter = Duration.ofSeconds(10);
        private Duration stopGrace = Duration.ofSeconds(30);
        private Duration pollInterval = Duration.ofSeconds(1);
        private Duration callDeadline = Duration.ofSeconds(30);
        private int maxPayloadBytes = 1 << 20;
        private boolean notifications = true;
        private final Map<RunState, Duration> retention = new EnumMap<>(RunState.class);
        private final List<String> problems = new ArrayList<>();

        private Builder() {}

        /** What the worker is called in the audit and in logs (default: {@code pgflow-} and the process id). */
        public Builder workerName(String name) {
            workerName = name;
            return this;
        }

        /** The queues that this process works on (default: {@code default}). */
        public Builder queues(String... names) {
            queues = List.of(names);
            queueSlots = Map.of();
            return this;
        }

        /** Works on this queue too, and runs at most so many handlers of it at once (1 to {@code concurrency}). */
        public Builder queue(String name, int slots) {
            var names = new ArrayList<>(queues);
            if (!names.contains(name)) {
                names.add(name);
            }
            var all = new TreeMap<>(queueSlots);
            all.put(name, slots);
            queues = List.copyOf(names);
            queueSlots = Map.copyOf(all);
            return this;
        }

        /** Runs only these of the workflows that the process is given, and starts runs of all (default: runs all). */
        public Builder workflows(String... names) {
            workflows = List.of(names);
            return this;
        }

        /** How many handlers run at once in this process (default 100; 1 to 10,000). */
        public Builder concurrency(int handlers) {
            concurrency = handlers;
            return this;
        }

        /** How many transactional handlers run at once, each with a connection of the application (default 4; 1 to 10,000). */
        public Builder transactionalConnections(int connections) {
            transactionalConnections = connections;
            return this;
        }

        /** How often the worker says that it lives (default 3 s). */
        public Builder heartbeat(Duration every) {
            heartbeat = every;
            return this;
        }

        /** After which silence others take the worker's tasks over (default 10 s; at least three heartbeats). */
        public Builder expiresAfter(Duration silence) {
            expiresAfter = silence;
            return this;
        }

        /** How long {@code close()} waits for running handlers before it interrupts them and hands their tasks back (default 30 s). */
        public Builder stopGrace(Duration grace) {
            stopGrace = grace;
            return this;
        }

        /** How often everything looks for itself, whatever notifications say (default 1 s, jittered). */
        public Builder pollInterval(Duration every) {
            pollInterval = every;
            return this;
        }

        /** How long one call to the database may take, and how long a start keeps trying when it is away (default 30 s). */
        public Builder callDeadline(Duration deadline) {
            callDeadline = deadline;
            return this;
        }

        /** The largest input, output or error, in bytes of JSON (default 1 MiB; at most 64 MiB). */
        public Builder maxPayloadBytes(int bytes) {
            maxPayloadBytes = bytes;
            return this;
        }

        /** Whether LISTEN and NOTIFY are used (default true); without them everything works at the pace of the poll interval. */
        public Builder notifications(boolean on) {
            notifications = on;
            return this;
        }

        /**
         * Removes runs, with their tasks and their history, when they ended in this state longer ago than {@code age} (default: nothing is
         * ever removed; 1 s to 36,500 days).
         */
        public Builder retain(RunState state, Duration age) {
            retention.put(state, age);
            return this;
        }

        /** Takes what the variables say; one that begins with {@code PGFLOW_} and is not known is a problem. */
        public Builder from(Map<String, String> variables) {
            new TreeMap<>(variables).forEach((name, value) -> {
                if (name.startsWith("PGFLOW_") && !NOT_OURS.matcher(name).matches()) {
                    set(name, value.strip());
                }
            });
            return this;
        }

        /**
         * Checks everything.
         *
         * @throws InvalidSettingsException {@code PGF-CFG-001}, with every problem there is
         */
        public PgflowSettings build() {
            var found = new ArrayList<>(problems);
            if (workerName.isBlank() || workerName.length() > 200) {
                found.add("workerName must have 1 to 200 characters");
            }
            if (queues.isEmpty()
                    || !queues.stream().allMatch(queue -> NAME.matcher(queue).matches())) {
                found.add(
                        "queues must be one or more names like reports_2 (a-z, 0-9, _; at most 40), but is " + queues);
            }
            check(found, "concurrency", concurrency, 1, 10_000);
            queueSlots.forEach((queue, slots) -> check(found, "slots of queue " + queue, slots, 1, concurrency));
            if (!workflows.stream().allMatch(workflow -> NAME.matcher(workflow).matches())) {
                found.add("workflows must be names like checkout (a-z, 0-9, _; at most 40), but is " + workflows);
            }
            check(found, "transactionalConnections", transactionalConnections, 1, 10_000);
            check(found, "maxPayloadBytes", maxPayloadBytes, 1024, 64 << 20);
            check(found, "heartbeat", heartbeat, Duration.ofMinutes(1));
            check(found, "expiresAfter", expiresAfter, Duration.ofMinutes(10));
            check(found, "stopGrace", stopGrace, Duration.ofHours(1));
            check(found, "pollInterval", pollInterval, Duration.ofMinutes(1));
            check(found, "callDeadline", callDeadline, Duration.ofMinutes(10));
            checkRetention(found);
            if (expiresAfter.compareTo(heartbeat.multipliedBy(3)) < 0) {
                found.add("expiresAfter (" + expiresAfter + ") must be at least three heartbeats (" + heartbeat
                        + "), or one late beat loses the worker");
            }
            if (!found.isEmpty()) {
                throw new InvalidSettingsException(found);
            }
            var copy = new Builder();
            copy.workerName = workerName;
            copy.queues = queues;
            copy.queueSlots = queueSlots;
            copy.workflows = workflows;
            copy.concurrency = concurrency;
            copy.transactionalConnections = transactionalConnections;
            copy.heartbeat = heartbeat;
            copy.expiresAfter = expiresAfter;
            copy.stopGrace = stopGrace;
            copy.pollInterval = pollInterval;
            copy.callDeadline = callDeadline;
            copy.maxPayloadBytes = maxPayloadBytes;
            copy.notifications = notifications;
            copy.retention.putAll(retention);
            return new PgflowSettings(copy);
        }

        private void checkRetention(List<String> found) {
            retention.forEach((state, age) -> {
                if (!state.isTerminal()) {
                    found.add("retain: runs that are " + state + " have not ended, and are never removed");
                }
                if (age.compareTo(Duration.ofSeconds(1)) < 0 || age.compareTo(Duration.ofDays(36_500)) > 0) {
                    found.add("retain " + state + " must be from 1 s to 36,500 days, but is " + age);
                }
            });
        }

        private void set(String name, String value) {
            switch (name) {
                case "PGFLOW_WORKER_NAME" -> workerName = value;
                case "PGFLOW_QUEUES" -> queues(name, value);
                case "PGFLOW_WORKFLOWS" -> workflows = List.of(value.split("\\s*,\\s*"));
                case "PGFLOW_CONCURRENCY" -> number(name, value).ifPresent(this::concurrency);
                case "PGFLOW_TRANSACTIONAL_CONNECTIONS" ->
                    number(name, value).ifPresent(this::transactionalConnections);
                case "PGFLOW_MAX_PAYLOAD_BYTES" -> number(name, value).ifPresent(this::maxPayloadBytes);
                case "PGFLOW_HEARTBEAT" -> duration(name, value).ifPresent(this::heartbeat);
                case "PGFLOW_EXPIRES_AFTER" -> duration(name, value).ifPresent(this::expiresAfter);
                case "PGFLOW_STOP_GRACE" -> duration(name, value).ifPresent(this::stopGrace);
                case "PGFLOW_POLL_INTERVAL" -> duration(name, value).ifPresent(this::pollInterval);
                case "PGFLOW_CALL_DEADLINE" -> duration(name, value).ifPresent(this::callDeadline);
                case "PGFLOW_RETAIN_SUCCEEDED" ->
                    duration(name, value).ifPresent(age -> retain(RunState.SUCCEEDED, age));
                case "PGFLOW_RETAIN_FAILED" -> duration(name, value).ifPresent(age -> retain(RunState.FAILED, age));
                case "PGFLOW_RETAIN_CANCELLED" ->
                    duration(name, value).ifPresent(age -> retain(RunState.CANCELLED, age));
                case "PGFLOW_NOTIFICATIONS" -> bool(name, value).ifPresent(this::notifications);
                default -> problems.add("the variable " + name + " is not known");
            }
        }

        /** Names, each with its slots behind a colon if it has a number of its own: {@code default,gpu:2}. */
        private void queues(String name, String value) {
            queues = List.of();
            queueSlots = Map.of();
            for (String word : value.split("\\s*,\\s*")) {
                int colon = word.indexOf(':');
                if (colon >= 0) {
                    number(name, word.substring(colon + 1).strip())
                            .ifPresent(slots -> queue(word.substring(0, colon).strip(), slots));
                } else {
                    var names = new ArrayList<>(queues);
                    names.add(word);
                    queues = List.copyOf(names);
                }
            }
        }

        private Optional<Integer> number(String name, String value) {
            try {
                return Optional.of(Integer.valueOf(value));
            } catch (NumberFormatException e) {
                problems.add(name + " must be a whole number, but is '" + value + "'");
                return Optional.empty();
            }
        }

        private Optional<Duration> duration(String name, String value) {
            try {
                return Optional.of(Duration.parse(value));
            } catch (DateTimeParseException e) {
                problems.add(name + " must be a duration like PT10S or PT0.5S, but is '" + value + "'");
                return Optional.empty();
            }
        }

        private Optional<Boolean> bool(String name, String value) {
            if (value.equals("true") || value.equals("false")) {
                return Optional.of(value.equals("true"));
            }
            problems.add(name + " must be true or false, but is '" + value + "'");
            return Optional.empty();
        }

        private static void check(List<String> found, String name, int value, int least, int most) {
            if (value < least || value > most) {
                found.add(name + " must be from " + least + " to " + most + ", but is " + value);
            }
        }

        private static void check(List<String> found, String name, Duration value, Duration most) {
            if (value.compareTo(SHORTEST) < 0 || value.compareTo(most) > 0) {
                found.add(name + " must be from " + SHORTEST + " to " + most + ", but is " + value);
            }
        }
    }
}
