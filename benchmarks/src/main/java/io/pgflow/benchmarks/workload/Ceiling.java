package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.Work;
import io.pgflow.benchmarks.harness.Crew;
import io.pgflow.benchmarks.harness.Figures;
import io.pgflow.benchmarks.harness.Pgbench;
import io.pgflow.benchmarks.harness.Span;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;

/**
 * What the engine's own functions can do at most: work done by pgflow-java, and the same by SQL that no Java stands behind.
 *
 * @param what is done
 * @param functions that are called
 */
record Ceiling(String name, String what, String functions, ByJava byJava, BySql bySql) implements Workload {

    private static final int CONNECTIONS = 4;

    /** With small batches, so many calls on each connection are enough to tell. */
    private static final int MOST_CALLS = 1_000;

    /** A round of so many runs. */
    @FunctionalInterface
    interface ByJava {
        Figures measure(Crew crew, int size, Sizes sizes) throws Exception;
    }

    /** A round of so many calls with so many runs or tasks each, on each connection. */
    @FunctionalInterface
    interface BySql {
        Figures measure(Crew crew, int calls, int batch, Sizes sizes) throws Exception;
    }

    @Override
    public String title() {
        return what + " by pgflow-java, and by "
                + Pgbench.find().map(found -> "pgbench").orElse("a JDBC loop (there is no pgbench here)") + " calling "
                + functions + " on " + CONNECTIONS + " connections";
    }

    @Override
    public boolean comparesVariants() {
        return true;
    }

    @Override
    public List<Variant> variants(Sizes sizes) {
        int size = sizes.sizeOr(20_000);
        var variants = new ArrayList<Variant>();
        variants.add(Variant.of("pgflow-java", Work.ONE_STEP, crew -> byJava.measure(crew, size, sizes)));
        for (int batch : sizes.batches()) {
            int calls = Math.max(1, Math.min(MOST_CALLS, size / CONNECTIONS / batch));
            variants.add(
                    Variant.of("SQL, batch " + batch, Work.ONE_STEP, crew -> bySql.measure(crew, calls, batch, sizes)));
        }
        return variants.stream().map(Variant::forOurs).toList();
    }

    /** How many runs or tasks all connections together have to do with. */
    static int amount(int calls, int batch) {
        return calls * CONNECTIONS * batch;
    }

    /** Runs a script on all connections by pgbench; where that is not there, each connection does the loop. */
    static Span drive(Crew crew, String script, Map<String, String> variables, int calls, Callable<?> loop)
            throws Exception {
        Optional<Pgbench> pgbench = Pgbench.find();
        return pgbench.isPresent()
                ? pgbench.get().run(crew.database(), script, variables, CONNECTIONS, calls)
                : Parallel.run(CONNECTIONS, loop);
    }
}
