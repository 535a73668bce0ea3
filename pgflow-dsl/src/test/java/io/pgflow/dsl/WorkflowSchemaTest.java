package io.pgflow.dsl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.pgflow.workflow.InvalidWorkflowException;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The published schema and the reader agree: what one takes or refuses for its shape, the other does too. */
class WorkflowSchemaTest {

    private final SchemaRegistry registry = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
    private final Schema schema = registry.getSchema(JsonFlow.schema());

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{'queue': 'slow_lane', 'maxAttempts': 1, 'timeout': 'PT0.01S', 'retryDelay': 'PT0S', 'maxRetryDelay': 'P1D'}",
                "{'maxAttempts': 100, 'retryJitter': 0, 'timeout': 'P1DT2H3M4.5S'}",
                "{'retryJitter': 1, 'timeout': 'PT720H'}",
                "{'deadline': 'PT0.01S'}",
                "{'deadline': 'P365D', 'timeout': 'P30D'}",
                "{'after': []}",
                "{'over': '$input', 'input': {'$from': '$item', 'pointer': ''}}",
                "{'over': 'other', 'input': [{'a': {'$from': 'other', 'pointer': '/a/0/~1'}}, null, 1.5, {'pointer': 1}]}",
                "{'after': ['other'], 'input': 'text'}",
                "{'input': null}",
                "{'handler': 'a.b.c.d'}",
                "{'when': {'$from': '$input', 'eq': null}, 'otherwise': 'skipBranch'}",
                "{'after': ['other'], 'when': {'$from': 'other', 'pointer': '/a', 'in': [1, 'x']}, 'otherwise': 'fail'}",
                "{'when': {'and': [{'not': {'$from': '$input', 'gt': 'a'}}, {'or': [{'$from': '$input', 'exists': true}]}]}}",
                "{'onFailure': 'skip'}",
                "{'onFailure': 'fallback', 'fallback': null}",
                "{'over': '$input', 'collect': true, 'atOnce': 10}",
                "{'concurrency': [{'limit': 5}, {'limit': 1, 'name': 'gpu', 'by': {'$from': '$input', 'pointer': '/tenant'}}]}",
                "{'after': ['other'], 'rate': [{'limit': 100, 'per': 'PT1M', 'weight': {'$from': 'other'}}]}",
                "{'over': '$input', 'fairBy': {'$from': '$item', 'pointer': '/a~1b'}}",
                "{'sleep': 'PT1H'}",
                "{'sleep': 'P90DT0.5S', 'when': {'$from': '$input', 'exists': true}, 'otherwise': 'fail'}",
                "{'sleep': '2026-01-31T08:00:00.5+01:00'}",
                "{'after': ['other'], 'sleep': {'$from': 'other', 'pointer': '/until'}}",
                "{'workflow': 'child'}",
                "{'after': ['other'], 'workflow': 'child', 'version': 2, 'input': {'a': {'$from': 'other'}}, 'maxAttempts': 1}",
                "{'workflow': 'flow', 'over': '$input', 'atOnce': 3, 'collect': true, 'onFailure': 'skip'}",
                "{'signal': 'paid'}",
                "{'approval': {'question': 'Q?'}}",
                "{'approval': {'question': 'Q?', 'choices': ['yes', 'no'], 'roles': ['a'], 'actors': ['b'], 'quorum': 2, 'fourEyes': true}}",
                "{'after': ['other'], 'approval': {'question': 'Q?', 'show': {'$from': 'other'}, 'rejectionFails': true}, 'onFailure': 'skip'}",
                "{'approval': {'question': 'Q?', 'within': 'P2D', 'escalate': [{'roles': ['a'], 'within': 'P1D'}, {'actors': ['b']}]}}",
                "{'approval': {'question': 'Q?', 'form': [{'name': 'a', 'type': 'text', 'required': true}, {'name': 'b', 'type': 'choice', 'choices': ['c']}]}}",
                "{'handler': 'h', 'undo': {'handler': 'take.back', 'maxAttempts': 100}}",
                "{'workflow': 'child', 'over': '$input', 'undo': {'handler': 'take.back'}}",
                "{'signal': 'paid', 'within': 'P3650D', 'onFailure': 'fallback', 'fallback': 'late'}",
            })
    void good_documents_pass_both(String fields) {
        String json = document(fields);

        assertThat(schema.validate(json, InputFormat.JSON)).isEmpty();
        assertThat(JsonFlow.read(json).name()).isEqualTo("flow");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'undo': 'take.back'}",
                "{'undo': {}}",
                "{'handler': 'h', 'undo': {'handler': 'Back'}}",
                "{'handler': 'h', 'undo': {'handler': 'back', 'maxAttempts': 0}}",
                "{'handler': 'h', 'undo': {'handler': 'back', 'queue': 'slow'}}",
                "{'sleep': 'PT1H', 'undo': {'handler': 'back'}}",
                "{'over': '$input/part'}",
                "{'queue': 'Slow'}",
                "{'queue': null}",
                "{'maxAttempts': 0}",
                "{'maxAttempts': 101}",
                "{'maxAttempts': 1.5}",
                "{'maxAttempts': '3'}",
                "{'retryJitter': 1.1}",
                "{'retryJitter': -0.1}",
                "{'timeout': 30}",
                "{'timeout': '30s'}",
                "{'timeout': 'PT'}",
                "{'timeout': 'P'}",
                "{'timeout': 'P1M'}",
                "{'timeout': 'PT1.0001S'}",
                "{'retryDelay': 'PT-1S'}",
                "{'deadline': 60}",
                "{'deadline': '1h'}",
                "{'after': 'other'}",
                "{'after': [1]}",
                "{'after': ['other', 'other']}",
                "{'after': ['Other']}",
                "{'over': '$item'}",
                "{'over': ['other']}",
                "{'handler': 'a..b'}",
                "{'handler': 'a.b.c.d.e'}",
                "{'name': 'a-b'}",
                "{'maxAttemps': 3}",
                "{'input': {'$from': 'Other'}}",
                "{'input': {'a': [{'$from': 7}]}}",
                "{'input': {'$from': '$input', 'path': '/a'}}",
                "{'input': {'$from': '$input', 'pointer': 'a'}}",
                "{'when': 'always'}",
                "{'when': {}}",
                "{'when': {'eq': 1}}",
                "{'when': {'$from': '$input'}}",
                "{'when': {'$from': '$input', 'like': 1}}",
                "{'when': {'$from': '$input', 'eq': 1, 'ne': 2}}",
                "{'when': {'$from': '$input', 'pointer': 'a', 'eq': 1}}",
                "{'when': {'$from': '$item', 'eq': 1}}",
                "{'when': {'$from': '$input', 'in': 1}}",
                "{'when': {'$from': '$input', 'exists': 1}}",
                "{'when': {'$from': '$input', 'lt': true}}",
                "{'when': {'and': []}}",
                "{'when': {'or': {'$from': '$input', 'eq': 1}}}",
                "{'when': {'not': {'$from': '$input', 'eq': 1}, 'and': []}}",
                "{'concurrency': 5}",
                "{'concurrency': [{}]}",
                "{'concurrency': [{'limit': 0}]}",
                "{'concurrency': [{'limit': 1, 'name': 'No'}]}",
                "{'concurrency': [{'limit': 1, 'per': 'PT1M'}]}",
                "{'rate': [{'limit': 1}]}",
                "{'rate': [{'limit': 1.5, 'per': 'PT1M'}]}",
                "{'rate': [{'limit': 1, 'per': 'PT1M', 'by': 'tenant'}]}",
                "{'fairBy': {'pointer': '/a'}}",
                "{'fairBy': {'$from': '$input', 'pointer': 'a'}}",
                "{'otherwise': 'ignore'}",
                "{'onFailure': 'skip_branch'}",
                "{'over': '$input', 'collect': 'true'}",
                "{'over': '$input', 'atOnce': 0}",
                "{'otherwise': 'skip'}",
                "{'collect': true}",
                "{'atOnce': 3}",
                "{'fallback': 1}",
                "{'onFailure': 'skip', 'fallback': 1}",
                "{'onFailure': 'fallback'}",
                "{'over': '$input', 'onFailure': 'skipBranch'}",
                "{'handler': 'h', 'sleep': 'PT1H'}",
                "{'sleep': 'PT1H', 'signal': 'paid'}",
                "{'sleep': 'P1M'}",
                "{'sleep': 'tomorrow'}",
                "{'sleep': '2026-01-31T08:00:00'}",
                "{'sleep': 7}",
                "{'sleep': {'$from': 'Other'}}",
                "{'sleep': 'PT1H', 'over': '$input'}",
                "{'sleep': 'PT1H', 'timeout': 'PT1M'}",
                "{'sleep': 'PT1H', 'within': 'PT1M'}",
                "{'sleep': 'PT1H', 'input': 1}",
                "{'signal': 'Paid'}",
                "{'signal': 'paid', 'within': 'soon'}",
                "{'signal': 'paid', 'maxAttempts': 2}",
                "{'signal': 'paid', 'queue': 'slow'}",
                "{'workflow': 'Child'}",
                "{'workflow': 'child', 'handler': 'h'}",
                "{'workflow': 'child', 'version': 0}",
                "{'workflow': 'child', 'timeout': 'PT1M'}",
                "{'workflow': 'child', 'queue': 'slow'}",
                "{'version': 2}",
                "{'within': 'PT1H'}",
                "{'approval': 'Q?'}",
                "{'approval': {}}",
                "{'approval': {'question': ' '}}",
                "{'approval': {'question': 'Q?', 'who': 'me'}}",
                "{'approval': {'question': 'Q?', 'choices': ['yes']}}",
                "{'approval': {'question': 'Q?', 'choices': ['yes', 'yes']}}",
                "{'approval': {'question': 'Q?', 'roles': []}}",
                "{'approval': {'question': 'Q?', 'roles': 'a'}}",
                "{'approval': {'question': 'Q?', 'quorum': 0}}",
                "{'approval': {'question': 'Q?', 'quorum': 1.5}}",
                "{'approval': {'question': 'Q?', 'fourEyes': 'yes'}}",
                "{'approval': {'question': 'Q?', 'within': 'P1M'}}",
                "{'approval': {'question': 'Q?', 'escalate': [{'roles': ['a']}]}}",
                "{'approval': {'question': 'Q?', 'within': 'P1D', 'escalate': [{'within': 'P1D'}]}}",
                "{'approval': {'question': 'Q?', 'within': 'P1D', 'escalate': []}}",
                "{'approval': {'question': 'Q?', 'show': 'other'}}",
                "{'approval': {'question': 'Q?', 'form': [{'name': 'a'}]}}",
                "{'approval': {'question': 'Q?', 'form': [{'name': 'a', 'type': 'date'}]}}",
                "{'approval': {'question': 'Q?', 'form': [{'name': 'a', 'type': 'text', 'choices': ['b']}]}}",
                "{'approval': {'question': 'Q?', 'form': [{'name': 'a', 'type': 'choice'}]}}",
                "{'approval': {'question': 'Q?'}, 'timeout': 'PT1M'}",
            })
    void bad_documents_fail_both(String fields) {
        String json = document(fields);

        assertThat(schema.validate(json, InputFormat.JSON)).isNotEmpty();
        assertThatThrownBy(() -> JsonFlow.read(json)).isInstanceOf(InvalidWorkflowException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "null",
                "{'name': 'a'}",
                "{'name': 'a', 'steps': []}",
                "{'name': 'a', 'steps': [1]}",
                "{'name': 'a', 'steps': [{'name': 'b'}]}",
                "{'name': 'a', 'steps': [{'handler': 'b'}]}",
                "{'steps': [{'name': 'b', 'handler': 'b'}]}",
                "{'name': 'a', 'steps': [{'name': 'b', 'handler': 'b'}], 'returns': 1}",
                "{'name': 'a', 'steps': [{'name': 'b', 'handler': 'b'}], 'version': 1}"
            })
    void documents_that_are_no_workflow_fail_both(String quoted) {
        String json = quoted.replace('\'', '"');

        assertThat(schema.validate(json, InputFormat.JSON)).isNotEmpty();
        assertThatThrownBy(() -> JsonFlow.read(json)).isInstanceOf(InvalidWorkflowException.class);
    }

    @Test
    void a_document_may_give_its_runs_a_deadline() {
        String json = "{\"name\": \"a\", \"deadline\": \"PT1H\", \"steps\": [{\"name\": \"b\", \"handler\": \"b\"}]}";

        assertThat(schema.validate(json, InputFormat.JSON)).isEmpty();
        assertThat(JsonFlow.read(json).definition().deadline()).contains(Duration.ofHours(1));
        assertThat(schema.validate(json.replace("PT1H", "1 hour"), InputFormat.JSON))
                .isNotEmpty();
        assertThatThrownBy(() -> JsonFlow.read(json.replace("PT1H", "P366D")))
                .hasMessageContaining("PGF-WFL-014")
                .hasMessageContaining("365 days");
    }

    @Test
    void what_a_workflow_prints_is_a_document_of_the_schema() {
        String json = FlowBuilder.runtime("flow")
                .step("a", FlowBuilder.handler("a.b").queue("slow").input("{\"x\": {\"$from\": \"$input\"}}"))
                .map("b", FlowBuilder.handler("b").over("a").retryJitter(0.5))
                .returns("b")
                .toJson();

        assertThat(schema.validate(json, InputFormat.JSON)).isEmpty();
    }

    @Test
    void every_field_has_a_description_and_the_schema_is_one() {
        assertThat(JsonFlow.schema().split("\"description\"", -1)).hasSizeGreaterThan(15);
        Schema metaschema = registry.getSchema(SchemaLocation.of("https://json-schema.org/draft/2020-12/schema"));

        assertThat(metaschema.validate(JsonFlow.schema(), InputFormat.JSON)).isEmpty();
    }

    /** A step "subject" with these fields beside a step "other"; single quotes stand for double ones. */
    private static String document(String fields) {
        String own = fields.equals("{}") ? "" : fields.substring(1, fields.length() - 1);
        boolean calls =
                Stream.of("'workflow'", "'sleep'", "'signal'", "'approval'").noneMatch(own::contains);
        String work = calls ? "'handler': 'h'" : "";
        if (work.isEmpty()) {
            return ("{'name': 'flow', 'steps': [{'name': 'other', 'handler': 'o'}, {'name': 'subject', " + own + "}]}")
                    .replace('\'', '"');
        }
        String base = own.startsWith("'name'") ? work : "'name': 'subject', " + work;
        String handler = own.contains("'handler'") ? "'name': 'subject'" : base;
        String subject = own.isEmpty() ? handler : handler + ", " + own;
        return ("{'name': 'flow', 'steps': [{'name': 'other', 'handler': 'o'}, {" + subject + "}]}").replace('\'', '"');
    }
}
