package io.pgflow.internal.json;

import io.pgflow.InvalidPayloadException;
import java.lang.reflect.Type;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.jsontype.BasicPolymorphicTypeValidator;
import tools.jackson.databind.type.LogicalType;

/**
 * How does a value become JSON text and back? As the declared type says; the text never chooses a class.
 *
 * <p>Wherever a {@code place} is asked for it is a noun phrase that an error message can begin with, such as
 * {@code the output of step "reserve" of workflow "checkout"}. Every failure is an {@link InvalidPayloadException}.
 */
public final class Json {

    private static final JsonMapper MAPPER = JsonMapper.builder()
            // 1.5 is no int and "7" is no number: what does not fit must be said, not bent.
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .withCoercionConfig(
                    LogicalType.Textual,
                    texts -> texts.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                            .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                            .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail))
            .annotationIntrospector(new RequiredPrimitives())
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            // An application's own annotation may ask for class names in the text; an empty list allows none.
            .polymorphicTypeValidator(BasicPolymorphicTypeValidator.builder().build())
            .build();

    private static final ObjectReader TREES =
            MAPPER.readerFor(Object.class).with(StreamReadFeature.STRICT_DUPLICATE_DETECTION);

    private Json() {}

    /** The JSON text of a value of the declared type; {@code null} becomes {@code "null"}. Size and characters are for {@link #check}. */
    public static String write(@Nullable Object value, Type type, String place) {
        if (value == null) {
            return "null";
        }
        try {
            return MAPPER.writerFor(MAPPER.constructType(type)).writeValueAsString(value);
        } catch (JacksonException e) {
            throw new InvalidPayloadException(
                    InvalidPayloadException.NOT_JSON,
                    place + " cannot be written as JSON at " + JsonProblem.path(e) + ": " + JsonProblem.reason(e)
                            + "; use a record, a bean, a collection, a text or a number as " + type.getTypeName(),
                    JsonProblem.cause(e));
        }
    }

    /** Reads the text as the declared type. */
    public static @Nullable Object read(String json, Type type, String place) {
        try {
            return MAPPER.readerFor(MAPPER.constructType(type)).readValue(json);
        } catch (JacksonException e) {
            throw new InvalidPayloadException(
                    InvalidPayloadException.DOES_NOT_FIT,
                    place + " does not fit " + type.getTypeName() + " at " + JsonProblem.path(e) + ": "
                            + JsonProblem.reason(e) + "; change the type that reads it or the value that was written",
                    JsonProblem.cause(e));
        }
    }

    /**
     * Throws unless the text is one JSON value of at most {@code maxBytes} bytes that PostgreSQL can store. One pass, no tree.
     */
    public static void check(String json, String place, int maxBytes) {
        PayloadCheck.check(MAPPER, json, place, maxBytes);
    }

    /**
     * Reads the text into maps in the order of the text, lists, strings, booleans, exact numbers and nulls. A key that stands
     * twice in one object is an error.
     */
    public static @Nullable Object tree(String json, String place) {
        try {
            return TREES.readValue(json);
        } catch (JacksonException e) {
            throw PayloadCheck.notJson(place, e);
        }
    }

    /** The text of what {@link #tree} gives. */
    public static String writeTree(@Nullable Object tree) {
        return MAPPER.writeValueAsString(tree);
    }
}
