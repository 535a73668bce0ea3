package io.pgflow.worker;

import io.pgflow.PgflowException;
import io.pgflow.internal.json.Json;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.Map;

/** What the audit keeps of an exception: its code, type, message and the beginning of its trace. */
final class ErrorJson {

    /** A handler failed with an exception of its own. */
    static final String HANDLER_FAILED = "PGF-RUN-010";
    /** A handler took longer than its step allows. */
    static final String TIMED_OUT = "PGF-RUN-011";

    private static final int LONGEST_MESSAGE = 2000;
    private static final int LONGEST_TRACE = 6000;

    private ErrorJson() {}

    static String of(Throwable error) {
        String code = error instanceof PgflowException known ? known.code() : HANDLER_FAILED;
        var fields = fields(code, messageOf(error));
        fields.put("type", error.getClass().getName());
        fields.put("trace", cut(traceOf(error), LONGEST_TRACE));
        return Json.writeTree(fields);
    }

    static String of(String code, String message) {
        return Json.writeTree(fields(code, message));
    }

    private static Map<String, Object> fields(String code, String message) {
        var fields = new LinkedHashMap<String, Object>();
        fields.put("code", code);
        fields.put("message", cut(message, LONGEST_MESSAGE));
        return fields;
    }

    /** In one line; for logs. */
    static String nameOf(Throwable error) {
        return error.getClass().getName() + ": " + messageOf(error);
    }

    /** The methods of an exception are the application's code, which may fail too. */
    private static String messageOf(Throwable error) {
        try {
            return String.valueOf(error.getMessage());
        } catch (RuntimeException | Error e) {
            return "the exception cannot say its message, which failed with "
                    + e.getClass().getName();
        }
    }

    private static String traceOf(Throwable error) {
        var text = new StringWriter();
        try {
            error.printStackTrace(new PrintWriter(text));
        } catch (RuntimeException | Error e) {
            text.append("the exception cannot print its trace, which failed with ")
                    .append(e.getClass().getName());
        }
        return text.toString();
    }

    private static String cut(String text, int longest) {
        return text.length() <= longest ? storable(text) : storable(text.substring(0, longest)) + "...";
    }

    /** PostgreSQL cannot store the character of code 0 in JSON, and half a surrogate pair is no text. */
    private static String storable(String text) {
        var storable = new StringBuilder(text.length());
        text.codePoints()
                .map(c -> c == 0 || (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) ? '\uFFFD' : c)
                .forEach(storable::appendCodePoint);
        return storable.toString();
    }
}
