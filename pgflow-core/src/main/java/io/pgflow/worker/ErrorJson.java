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
        var fields = fields(code, String.valueOf(error.getMessage()));
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

    private static String traceOf(Throwable error) {
        var text = new StringWriter();
        error.printStackTrace(new PrintWriter(text));
        return text.toString();
    }

    /** PostgreSQL cannot store the character of code 0 in JSON, and half a surrogate pair is no text. */
    private static String cut(String text, int longest) {
        String storable = text.replace('\u0000', '\uFFFD');
        if (storable.length() <= longest) {
            return storable;
        }
        int end = Character.isHighSurrogate(storable.charAt(longest - 1)) ? longest - 1 : longest;
        return storable.substring(0, end) + "...";
    }
}
