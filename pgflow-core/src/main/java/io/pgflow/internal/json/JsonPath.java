package io.pgflow.internal.json;

import tools.jackson.core.JacksonException;

/** Where in a JSON text reading or writing stopped, written as {@code $.items[2].sku}. */
final class JsonPath {

    private JsonPath() {}

    static String of(JacksonException e) {
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

    /** The first line of what Jackson says: the lines after it repeat the path. */
    static String reason(JacksonException e) {
        String message = String.valueOf(e.getOriginalMessage());
        return message.lines().findFirst().orElse("no reason given");
    }
}
