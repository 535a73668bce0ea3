package io.pgflow.testkit;

import io.pgflow.Pgflow;
import io.pgflow.PgflowSettings;
import io.pgflow.workflow.Workflow;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import javax.sql.DataSource;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * How do tests of JUnit 5 get a kit on a database, with settings and with workflows of my choice?
 *
 * <pre>{@code
 * @RegisterExtension
 * static final PgflowExtension pgflow = PgflowExtension.embedded().with(checkout);
 * }</pre>
 *
 * <p>Each test, with its {@code @BeforeEach} and {@code @AfterEach} methods, has a kit of its own, made when a parameter first asks for
 * it and closed after the test. Parameters may be of type {@link PgflowTestKit}, {@link Pgflow} or {@link DataSource}.
 */
public final class PgflowExtension implements ParameterResolver, AfterEachCallback {

    private static final ExtensionContext.Namespace NAMESPACE =
            ExtensionContext.Namespace.create(PgflowExtension.class);

    private final Function<UnaryOperator<PgflowSettings.Builder>, PgflowTestKit> making;
    private final UnaryOperator<PgflowSettings.Builder> settings;
    private final List<Workflow<?, ?>> workflows;

    /** As {@link #embedded()}; for JUnit. */
    public PgflowExtension() {
        this(PgflowTestKit::embedded, UnaryOperator.identity(), List.of());
    }

    private PgflowExtension(
            Function<UnaryOperator<PgflowSettings.Builder>, PgflowTestKit> making,
            UnaryOperator<PgflowSettings.Builder> settings,
            List<Workflow<?, ?>> workflows) {
        this.making = making;
        this.settings = settings;
        this.workflows = List.copyOf(workflows);
    }

    /** A new database for each test, in an embedded PostgreSQL that all tests of the JVM share; see {@link PgflowTestKit#embedded}. */
    public static PgflowExtension embedded() {
        return new PgflowExtension();
    }

    /** A database for tests that is there already, with what was left in it; see {@link PgflowTestKit#on}. */
    public static PgflowExtension on(DataSource database) {
        return new PgflowExtension(
                settings -> PgflowTestKit.on(database, settings), UnaryOperator.identity(), List.of());
    }

    /** The kit runs the steps of these, too. */
    public PgflowExtension with(Workflow<?, ?>... more) {
        var all = new ArrayList<>(workflows);
        all.addAll(List.of(more));
        return new PgflowExtension(making, settings, all);
    }

    /** What is different from {@link PgflowTestKit#settings()}, after what was said here before. */
    public PgflowExtension settings(UnaryOperator<PgflowSettings.Builder> change) {
        return new PgflowExtension(making, builder -> change.apply(settings.apply(builder)), workflows);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        return context.getTestMethod().isPresent()
                && (type == PgflowTestKit.class || type == Pgflow.class || type == DataSource.class);
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        PgflowTestKit kit = kit(context);
        Class<?> type = parameter.getParameter().getType();
        if (type == Pgflow.class) {
            return kit.pgflow();
        }
        return type == DataSource.class ? kit.dataSource() : kit;
    }

    @Override
    public void afterEach(ExtensionContext context) {
        PgflowTestKit kit = context.getStore(NAMESPACE).remove(this, PgflowTestKit.class);
        if (kit != null) {
            kit.close();
        }
    }

    private PgflowTestKit kit(ExtensionContext context) {
        return context.getStore(NAMESPACE)
                .getOrComputeIfAbsent(
                        this,
                        any -> making.apply(settings).with(workflows.toArray(new Workflow<?, ?>[0])),
                        PgflowTestKit.class);
    }
}
