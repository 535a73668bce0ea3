package io.pgflow.internal.json;

import io.pgflow.InvalidPayloadException;
import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.json.JsonMapper;

/** Looks at a text token by token for what PostgreSQL's jsonb would refuse, or the engine's limits do. */
final class PayloadCheck {

    private static final int MAX_DEPTH = 50;

    /** A numeric of PostgreSQL holds 131,072 digits before the point and 16,383 after it; this stays well inside. */
    private static final int MAX_EXPONENT = 10_000;

    private final String place;
    private int depth;

    private PayloadCheck(String place) {
        this.place = place;
    }

    static void check(JsonMapper mapper, String json, String place, int maxBytes) {
        int bytes = utf8Length(json);
        if (bytes > maxBytes) {
            throw new InvalidPayloadException(
                    InvalidPayloadException.TOO_LARGE,
                    place + " has " + bytes + " bytes and the limit is " + maxBytes
                            + "; store the large part elsewhere and pass a reference to it, or raise the limit");
        }
        new PayloadCheck(place).walk(mapper, json);
    }

    static InvalidPayloadException notJson(String place, JacksonException e) {
        var at = e.getLocation();
        String position = at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
        return new InvalidPayloadException(
                InvalidPayloadException.NOT_JSON,
                place + " is not JSON" + position + ": " + JsonProblem.reason(e) + "; pass exactly one JSON value",
                JsonProblem.cause(e));
    }

    private void walk(JsonMapper mapper, String json) {
        int values = 0;
        try (JsonParser parser = mapper.createParser(json)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                if (depth == 0 && !token.isStructEnd()) {
                    values++;
                }
                look(parser, token);
            }
        } catch (JacksonException e) {
            throw notJson(place, e);
        }
        if (values != 1) {
            throw new InvalidPayloadException(
                    InvalidPayloadException.NOT_JSON,
                    place + " is not JSON: it holds " + values + " values; pass exactly one JSON value");
        }
    }

    private void look(JsonParser parser, JsonToken token) {
        if (token.isStructStart()) {
            deeper();
        } else if (token.isStructEnd()) {
            depth--;
        } else if (token == JsonToken.PROPERTY_NAME || token == JsonToken.VALUE_STRING) {
            text(parser.getString());
        } else if (token == JsonToken.VALUE_NUMBER_FLOAT) {
            number(parser.getString());
        }
    }

    private void deeper() {
        depth++;
        if (depth > MAX_DEPTH) {
            throw new InvalidPayloadException(
                    InvalidPayloadException.TOO_DEEP,
                    place + " is nested deeper than " + MAX_DEPTH + " levels; flatten it, or pass it as a text");
        }
    }

    private void text(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == 0) {
                throw notStorable("the character \\u0000", "remove it before you pass the value on");
            }
            if (Character.isSurrogate(c)) {
                boolean pair = Character.isHighSurrogate(c)
                        && i + 1 < text.length()
                        && Character.isLowSurrogate(text.charAt(i + 1));
                if (!pair) {
                    throw notStorable("half of a surrogate pair", "cut texts at code points, not at chars");
                }
                i++;
            }
        }
    }

    private void number(String number) {
        int e = Math.max(number.indexOf('e'), number.indexOf('E'));
        if (e >= 0) {
            String exponent = number.substring(e + 1);
            if (exponent.length() > 6 || Math.abs(Integer.parseInt(exponent)) > MAX_EXPONENT) {
                throw notStorable("a number of more than " + MAX_EXPONENT + " digits", "pass it as a text");
            }
        }
    }

    private InvalidPayloadException notStorable(String what, String advice) {
        return new InvalidPayloadException(
                InvalidPayloadException.NOT_STORABLE,
                place + " contains " + what + ", which PostgreSQL cannot store as JSON; " + advice);
    }

    private static int utf8Length(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
