package io.pgflow.workflow;

import java.time.Duration;
import java.util.regex.Pattern;

/** How large may things be? The same limits hold in the database. */
public final class Limits {

    public static final int MAX_STEPS = 1000;
    public static final int MAX_DEPENDENCIES = 100;
    public static final int MAX_ATTEMPTS = 100;
    public static final int MAX_ITEMS = 100_000;
    /** Of a definition's JSON, in bytes. */
    public static final int MAX_DEFINITION_BYTES = 1024 * 1024;
    /** Of an input, output or error in bytes, unless set otherwise. */
    public static final int DEFAULT_PAYLOAD_BYTES = 1024 * 1024;

    public static final Duration MIN_TIMEOUT = Duration.ofMillis(10);
    public static final Duration MAX_DURATION = Duration.ofDays(30);
    /** Of runs and of steps. */
    public static final Duration MAX_DEADLINE = Duration.ofDays(365);
    /** For which a step waits without a worker. */
    public static final Duration MAX_WAIT = Duration.ofDays(3650);

    /** How long a deferred task may wait for its answer. */
    public static final Duration MAX_PATIENCE = Duration.ofDays(3650);

    private static final String WORD = "[a-z][a-z0-9_]{0,39}";
    private static final Pattern NAME = Pattern.compile(WORD);
    private static final Pattern UNDO_NAME = Pattern.compile(WORD + "\\$undo");
    private static final Pattern HANDLER = Pattern.compile(WORD + "(\\." + WORD + "){0,3}");

    private Limits() {}

    /** Whether this may name a workflow, a step or a queue. */
    public static boolean isName(String name) {
        return NAME.matcher(name).matches();
    }

    /** Whether this names a workflow that the engine made to undo another one; nobody else may use such a name. */
    static boolean isUndoName(String name) {
        return UNDO_NAME.matcher(name).matches();
    }

    /** Whether this may name a handler. */
    public static boolean isHandlerName(String name) {
        return HANDLER.matcher(name).matches();
    }
}
