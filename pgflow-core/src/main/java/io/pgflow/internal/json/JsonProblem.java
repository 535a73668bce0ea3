package io.pgflow.internal.json;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.exc.InputCoercionException;
import tools.jackson.databind.exc.InvalidFormatException;
import tools.jackson.databind.exc.InvalidTypeIdException;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.exc.ValueInstantiationException;

/**
 * Where and why reading or writing JSON stopped, in words that quote no value: they are kept with the task and logged, and a value may be
 * anybody's secret. Names of properties are told, since nobody finds the place without them.
 */
final class JsonProblem {

    /** How what Jackson says of a misfit begins when it quotes nothing but names and types; of the rest nobody knows where the value ends. */
    private static final Pattern QUOTES_NO_VALUE =
            Pattern.compile("Missing |Cannot map `null`|Invalid `null`|Trailing token|No content");

    private static final Pattern QUOTED = Pattern.compile(
            "(token|String value|Number value|Boolean value|raw timestamp) ?(\\('.*'\\)|\\(.*\\)|'[^']*')",
            Pattern.DOTALL);

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
        if (e instanceof InputCoercionException misfit) {
            return "a number there is out of the range of "
                    + misfit.getTargetType().getTypeName();
        }
        if (e instanceof InvalidTypeIdException misfit) {
            return "it names a subtype that " + misfit.getBaseType().getTypeName() + " does not have";
        }
        if (e instanceof MismatchedInputException misfit && !(e instanceof ValueInstantiationException)) {
            return QUOTES_NO_VALUE.matcher(words(e)).lookingAt() ? firstLine(words(e)) : misfit(misfit.getTargetType());
        }
        return firstLine(QUOTED.matcher(words(e)).replaceAll("$1"));
    }

    private static String misfit(@Nullable Class<?> type) {
        return "what stands there cannot be read as " + (type == null ? "what is wanted" : type.getTypeName());
    }

    /** What an application's own class threw meanwhile; nothing of Jackson or of the parsers of dates, whose words quote values. */
    static @Nullable Throwable cause(JacksonException e) {
        Throwable cause = e instanceof InvalidFormatException ? null : e;
        while (cause instanceof JacksonException) {
            cause = cause.getCause();
        }
        return cause;
    }

    private static String words(JacksonException e) {
        return String.valueOf(e.getOriginalMessage());
    }

    /** The lines after it repeat the path. */
    private static String firstLine(String words) {
        return words.startsWith("Duplicate ")
                ? "a key stands twice in one object"
                : words.lines().findFirst().orElse("no reason given");
    }
}
