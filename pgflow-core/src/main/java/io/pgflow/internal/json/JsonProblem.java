package io.pgflow.internal.json;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.exc.InputCoercionException;
import tools.jackson.databind.exc.InvalidFormatException;
import tools.jackson.databind.exc.InvalidTypeIdException;

/**
 * Where and why reading or writing JSON stopped, in words that quote no value: they are kept with the task and logged, and a value may be
 * anybody's secret. Names of properties are told, since nobody finds the place without them.
 */
final class JsonProblem {

    private JsonProblem() {}

    /** The place, such as {@code $.items[2].sku}. */
    static String path(JacksonException e) {
        StringBuilder path = new StringBuilder("$");
        for (JacksonException.Reference step : e.getPath()) {
            if (step.getPropertyName() != null) {
                path.append('.').append(step.getPropertyName());
            } else if (step.getIndex() >= 0) {
                path.append('[').append(step.getIndex()).append(']');
            }
        }
        return path.toString();
    }

    static String reason(JacksonException e) {
        if (e instanceof InvalidFormatException misfit) {
            return "what stands there cannot be read as "
                    + misfit.getTargetType().getTypeName();
        }
        if (e instanceof InputCoercionException misfit) {
            return "a number there is out of the range of "
                    + misfit.getTargetType().getTypeName();
        }
        if (e instanceof InvalidTypeIdException misfit) {
            return "it names a subtype that " + misfit.getBaseType().getTypeName() + " does not have";
        }
        return firstLine(e);
    }

    /** What an application's own class threw meanwhile; nothing of Jackson or of the parsers of dates, whose words quote values. */
    static @Nullable Throwable cause(JacksonException e) {
        Throwable cause = e instanceof InvalidFormatException ? null : e;
        while (cause instanceof JacksonException) {
            cause = cause.getCause();
        }
        return cause;
    }

    /** The lines after it repeat the path. */
    private static String firstLine(JacksonException e) {
        String line = String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse("no reason given");
        if (line.startsWith("Duplicate ")) {
            return "a key stands twice in one object";
        }
        return line.replaceAll(
                "(token|String value|Number value|Boolean value) (\\('.*'\\)|\\([^)]*\\)|'[^']*')", "$1");
    }
}
