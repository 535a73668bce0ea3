package io.pgflow.dsl;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.workflow.StepKey;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each line holds a mistake, its good twin, and words of what the compiler says to the mistake and not to the twin. */
class DoesNotCompileTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a dependency that is a name  | .step(SUM, after(\"split\"), in -> 1) | .step(SUM, after(SPLIT), in -> 1)"
                        + " | cannot be converted to io.pgflow.workflow.StepKey",
                "an output of a wrong type    | .step(SUM, in -> \"one\")             | .step(SUM, in -> 1)"
                        + "               | lower bounds: java.lang.String",
                "a read of a wrong type       | .step(SUM, after(TEXT), in -> in.output(TEXT) - 1)"
                        + " | .step(SUM, after(TEXT), in -> in.output(TEXT).length() - 1) | bad operand types",
                "an input of a wrong type     | .step(SUM, in -> in.input().intValue())"
                        + " | .step(SUM, in -> in.input().length()) | cannot find symbol",
                "a map over what is no list   | .map(MANY, over(SUM), item -> 1)      | .map(MANY, over(SPLIT), item -> 1)"
                        + " | cannot be converted",
                "an item of a wrong type      | .map(MANY, over(SPLIT), item -> item.length())"
                        + " | .map(MANY, over(SPLIT), item -> item + 1) | cannot find symbol",
                "an item output of wrong type | .map(MANY, over(SPLIT), item -> \"one\")"
                        + " | .map(MANY, over(SPLIT), item -> 1) | lower bounds: java.lang.String",
                "a map step that gives no list | .map(SUM, over(SPLIT), item -> 1)"
                        + " | .map(MANY, over(SPLIT), item -> 1) | no suitable method",
                "a map over an input that is no list | .map(MANY, overInput(Integer.class), item -> 1)"
                        + " | .map(MANY, over(SPLIT), item -> 1) | no suitable method",
            })
    void a_mistake_does_not_compile_and_its_good_twin_does(String name, String mistake, String twin, String said) {
        assertThat(errors(mistake)).as(name).contains(said);
        assertThat(errors(twin)).as("the good twin of " + name).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Workflow<String, Integer> w = b.returns(SUM);   |",
                "Workflow<String, String> w = b.returns(SUM);    | equality constraints",
                "Workflow<Integer, Integer> w = b.returns(SUM);  | incompatible types",
                "Workflow<String, Void> w = b.build();           |",
                "Workflow<String, Integer> w = b.build();        | incompatible types",
            })
    void the_types_of_the_workflow_are_those_of_its_input_and_of_the_step_it_returns(String statement, String said) {
        String source =
                "FlowBuilder<String> b = FlowBuilder.workflow(\"f\", String.class).step(SUM, in -> 1); " + statement;

        if (said == null) {
            assertThat(compile(source)).isEmpty();
        } else {
            assertThat(compile(source)).contains(said);
        }
    }

    private static String errors(String line) {
        return compile("FlowBuilder.workflow(\"f\", String.class)" + line + ".build();");
    }

    private static String compile(String statements) {
        String source = """
                import static io.pgflow.dsl.FlowBuilder.*;
                import io.pgflow.dsl.*;
                import io.pgflow.workflow.*;
                import java.util.List;
                class Sample {
                    static final StepKey<List<Integer>> SPLIT = StepKey.listOf("split", Integer.class);
                    static final StepKey<List<Integer>> MANY = StepKey.listOf("many", Integer.class);
                    static final StepKey<Integer> SUM = StepKey.of("sum", Integer.class);
                    static final StepKey<String> TEXT = StepKey.of("text", String.class);
                    void sample() { %s }
                }
                """.formatted(statements);
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
        List<String> options = List.of("-proc:none", "-implicit:none", "-d", target(), "-cp", classPath());
        compiler.getTask(null, null, found, options, null, List.of(new Source(source)))
                .call();
        return found.getDiagnostics().stream()
                .filter(diagnostic -> diagnostic.getKind() == Diagnostic.Kind.ERROR)
                .map(diagnostic -> diagnostic.getMessage(Locale.ROOT))
                .collect(Collectors.joining("\n"));
    }

    private static String classPath() {
        return Stream.of(FlowBuilder.class, StepKey.class)
                .map(DoesNotCompileTest::location)
                .collect(Collectors.joining(System.getProperty("path.separator")));
    }

    private static String target() {
        return location(DoesNotCompileTest.class);
    }

    private static String location(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static final class Source extends SimpleJavaFileObject {

        private final String text;

        Source(String text) {
            super(URI.create("string:///Sample.java"), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }
}
