package io.pgflow.internal.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.pgflow.InvalidPayloadException;
import io.pgflow.workflow.GenericType;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.assertj.core.util.Throwables;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {

    record Item(String sku, int count) {}

    record Everything(
            String text,
            BigDecimal exact,
            Instant at,
            Duration lasts,
            Optional<String> maybe,
            List<Item> items,
            boolean yes) {}

    record Picky(String name) {
        Picky {
            if (name == null) {
                throw new IllegalArgumentException("a picky record has a name");
            }
        }
    }

    /** As an application may declare it: the text is asked for the name of a class. */
    @JsonTypeInfo(use = JsonTypeInfo.Id.CLASS, property = "kind")
    record Open(String name) {}

    @Test
    void a_record_comes_back_as_it_was() {
        Everything value = new Everything(
                "ü \"q\" \n 🚀",
                new BigDecimal("12345678901234567890.10"),
                Instant.parse("2026-01-02T03:04:05.678Z"),
                Duration.ofMillis(1500),
                Optional.empty(),
                List.of(new Item("a", 0)),
                false);

        String json = Json.write(value, Everything.class, "the value");

        assertThat(json).contains("12345678901234567890.10", "\"2026-01-02T03:04:05.678Z\"", "\"PT1.5S\"");
        assertThat(Json.read(json, Everything.class, "the value")).isEqualTo(value);
    }

    @Test
    void decimals_without_a_type_stay_exact() {
        String json = "{\"a\":0.10,\"b\":12345678901234567890.123456789,\"c\":[1e2,100000000000000000000]}";

        assertThat(Json.read("0.10", Object.class, "it")).isEqualTo(new BigDecimal("0.10"));
        assertThat(Json.writeTree(Json.tree(json, "it"))).isEqualTo(json.replace("1e2", "1E+2"));
    }

    @Test
    void properties_that_the_type_does_not_know_are_ignored() {
        assertThat(Json.read("{\"sku\":\"a\",\"count\":1,\"colour\":\"red\"}", Item.class, "it"))
                .isEqualTo(new Item("a", 1));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"sku\":\"a\",\"count\":1.5}",
                "{\"sku\":\"a\",\"count\":\"1\"}",
                "{\"sku\":\"a\",\"count\":null}",
                "{\"sku\":\"a\"}",
                "{\"sku\":1,\"count\":1}",
                "[]",
                "7",
                "{\"sku\":\"a\",\"count\":99999999999}"
            })
    void what_does_not_fit_is_not_bent(String json) {
        assertThat(code(() -> Json.read(json, Item.class, "it"))).isEqualTo("PGF-DAT-004");
    }

    @Test
    void a_misfit_is_located_and_said_once() {
        assertThatThrownBy(() -> Json.read(
                        "[{\"sku\":\"a\",\"count\":1},{\"sku\":\"b\",\"count\":true}]",
                        GenericType.listOf(Item.class),
                        "the output of step \"reserve\""))
                .hasMessageStartingWith("[PGF-DAT-004] the output of step \"reserve\" does not fit java.util.List<")
                .hasMessageContaining("at $[1].count: what stands there cannot be read as int;")
                .hasMessageNotContaining("\n");
    }

    @Test
    void a_constructor_may_refuse_what_is_missing() {
        assertThatThrownBy(() -> Json.read("{}", Picky.class, "it")).hasMessageContaining("a picky record has a name");
        assertThat(code(() -> Json.read("{}", Picky.class, "it"))).isEqualTo("PGF-DAT-004");
    }

    @Test
    void the_text_never_chooses_a_class() {
        String json = "{\"@class\":\"" + Item.class.getName() + "\",\"sku\":\"a\",\"count\":1}";

        assertThat(Json.read(json, Object.class, "it")).isInstanceOf(Map.class);
        assertThat(Json.read("[" + json + "]", List.class, "it"))
                .isEqualTo(List.of(Map.of("@class", Item.class.getName(), "sku", "a", "count", 1)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"@class\": \"javax.script.ScriptEngineManager\", \"x\": [1]}",
                "{\"@type\": \"com.sun.rowset.JdbcRowSetImpl\", \"dataSourceName\": \"ldap://127.0.0.1/x\"}",
                "[\"java.lang.ProcessBuilder\", [[\"id\"]]]",
                "{\"kind\": \"java.net.URL\", \"name\": \"a\"}",
                "{\"name\": {\"@class\": \"java.util.HashMap\"}}"
            })
    void a_text_that_names_a_class_is_data_or_refused(String json) {
        assertThat(onlyData(Json.read(json, Object.class, "it"))).isTrue();
        assertThat(code(() -> Json.read(json, Open.class, "it"))).isEqualTo("PGF-DAT-004");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"sku\": \"a\", \"count\": \"4711\"}",
                "{\"sku\": \"a\", \"count\": 4711.5}",
                "{\"sku\": \"a\", \"count\": 471147114711}",
                "{\"sku\": 4711, \"count\": 1}",
                "{\"sku\": [4711], \"count\": 1}",
                "4711",
                "\"4711\"",
                "\"('4711') x\"",
                "\"(030) 4711\"",
                "\"4711\\nx\"",
                "\"x\\n4711\"",
                "{\"sku\": \"a\", \"count\": \"(030) 4711\"}",
                "{\"sku\": \"a\", \"count\": \"4711\\nx\"}",
                "{\"sku\": x4711}",
                "{\"sku\": \"4711"
            })
    void what_is_said_of_a_misfit_quotes_no_value(String json) {
        for (Class<?> type : List.of(
                Item.class,
                Open.class,
                Duration.class,
                Instant.class,
                Picky.class,
                int.class,
                long.class,
                List.class)) {
            Throwable said = catchThrowable(() -> Json.read(json, type, "it"));
            if (said != null) { // it is a number or a text, which some of them are made of
                assertThat(said).isInstanceOf(InvalidPayloadException.class);
                assertThat(Throwables.getStackTrace(said)).doesNotContain("4711");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a4711", "{\"4711\": 1, \"4711\": 2}", "[1, a4711]", "'4711'"})
    void what_is_said_of_a_text_that_is_no_json_quotes_nothing_of_it(String json) {
        assertThatThrownBy(() -> Json.tree(json, "it"))
                .hasMessageContaining("line 1")
                .hasMessageNotContaining("4711")
                .hasNoCause();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "{", "nul", "1 2", "{} []", "{a:1}", "'a'", "[1,]", "NaN", "// c\n1", "01", "]"})
    void a_payload_is_exactly_one_json_value(String json) {
        assertThat(code(() -> Json.check(json, "it", 100))).isEqualTo("PGF-DAT-001");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"null", "0", "\"\"", "false", "[]", " {\"a\": [1, -2.5e-7]} ", "\"🚀\"", "\"\\ud83d\\ude80\""})
    void a_payload_may_be_any_json_value(String json) {
        Json.check(json, "it", 100);
    }

    @Test
    void the_limit_counts_bytes() {
        Json.check("\"" + "ü".repeat(49) + "\"", "it", 100);

        assertThat(code(() -> Json.check("\"" + "ü".repeat(49) + "a\"", "it", 100)))
                .isEqualTo("PGF-DAT-002");
        assertThatThrownBy(() -> Json.check("[1,2,3]", "the input of workflow \"a\"", 6))
                .hasMessage("[PGF-DAT-002] the input of workflow \"a\" has 7 bytes and the limit is 6;"
                        + " store the large part elsewhere and pass a reference to it, or raise the limit");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"\\u0000\"",
                "{\"a\\u0000\":1}",
                "[\"x\\ud800\"]",
                "\"\\udc00x\"",
                "\"\\ud800\\ud800\"",
                "1e10001",
                "1E-99999999999"
            })
    void what_postgresql_cannot_store_is_refused_before_it_gets_there(String json) {
        assertThat(code(() -> Json.check(json, "it", 100))).isEqualTo("PGF-DAT-003");
    }

    @Test
    void fifty_levels_are_the_limit() {
        Json.check("[".repeat(50) + "]".repeat(50), "it", 1000);

        assertThat(code(() -> Json.check("[".repeat(51) + "]".repeat(51), "it", 1000)))
                .isEqualTo("PGF-DAT-005");
        assertThat(code(() -> Json.check("{\"a\":".repeat(100_000), "it", 1_000_000)))
                .isEqualTo("PGF-DAT-005");
    }

    private static String code(ThrowingCallable call) {
        InvalidPayloadException refused = catchThrowableOfType(InvalidPayloadException.class, call);
        assertThat(refused).isNotNull();
        return refused.code();
    }

    /** Maps, lists, texts, numbers and the like, all the way down. */
    private static boolean onlyData(Object value) {
        if (value instanceof Map<?, ?> map) {
            return map.values().stream().allMatch(JsonTest::onlyData);
        }
        return value instanceof List<?> list
                ? list.stream().allMatch(JsonTest::onlyData)
                : value instanceof String || value instanceof Number || value instanceof Boolean;
    }
}
