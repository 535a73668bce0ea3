package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.Work;
import io.pgflow.benchmarks.harness.Crew;
import io.pgflow.benchmarks.harness.DatabaseServer;
import io.pgflow.benchmarks.harness.Figures;
import io.pgflow.benchmarks.harness.Metric;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/** What finished work leaves behind: rows, indexes, and holes that nobody has filled yet. */
final class Space implements Workload {

    private static final int PART = 20_000;
    private static final double PER = 100_000;
    private static final Metric AS_IS = Metric.cost("MiB per 100,000 jobs");
    private static final Metric PACKED = Metric.cost("MiB per 100,000 jobs, after vacuum full");

    @Override
    public String name() {
        return "space";
    }

    @Override
    public String title() {
        return "what the database has grown by when one-step runs have finished, stored and worked on in parts of 20,000";
    }

    @Override
    public List<Variant> variants(Sizes sizes) {
        int size = sizes.sizeOr(100_000);
        return List.of(Variant.of(size + " runs", Work.ONE_STEP, crew -> measure(crew, size, sizes))
                .measuredOnce());
    }

    private static Figures measure(Crew crew, int size, Sizes sizes) throws SQLException {
        pack(crew); // an empty database has holes in its catalogue
        long before = crew.server().size(crew.database());
        for (int done = 0; done < size; done += PART) {
            Drain.of(Work.ONE_STEP, Math.min(PART, size - done), sizes).measure(crew);
        }
        long after = crew.server().size(crew.database());
        pack(crew);
        long packed = crew.server().size(crew.database());
        return new Figures().put(AS_IS, perMany(after - before, size)).put(PACKED, perMany(packed - before, size));
    }

    private static void pack(Crew crew) throws SQLException {
        try (Connection connection = DatabaseServer.connect(crew.database());
                Statement statement = connection.createStatement()) {
            statement.execute("vacuum full");
        }
    }

    private static double perMany(long bytes, int size) {
        return bytes / 1048576.0 * PER / size;
    }
}
