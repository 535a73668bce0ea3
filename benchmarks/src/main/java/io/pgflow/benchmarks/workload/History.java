package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.Work;
import io.pgflow.benchmarks.harness.Crew;
import io.pgflow.benchmarks.harness.DatabaseServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/** Work beside what has finished long ago: does the past slow the present? */
final class History implements Workload {

    /** Runs that really ran; the rest of the past is copies of them. */
    private static final int REAL = 1_000;

    @Override
    public String name() {
        return "history";
    }

    @Override
    public String title() {
        return "one-step runs beside finished ones";
    }

    @Override
    public boolean comparesVariants() {
        return true;
    }

    @Override
    public List<Variant> variants(Sizes sizes) {
        Drain drain = Drain.of(Work.ONE_STEP, sizes.sizeOr(20_000), sizes);
        return sizes.history().stream()
                .map(finished -> Variant.of(finished + " finished", Work.ONE_STEP, drain::measure)
                        .forOurs()
                        .preparedBy(crew -> prepare(crew, finished, sizes)))
                .toList();
    }

    static void prepare(Crew crew, int finished, Sizes sizes) throws SQLException {
        Drain.of(Work.ONE_STEP, REAL, sizes).measure(crew);
        try (Connection connection = DatabaseServer.connect(crew.database())) {
            var past = new CopiedRuns(connection);
            for (int copied = 0; copied < finished; copied += CopiedRuns.MOST) {
                past.copy(REAL, Math.min(CopiedRuns.MOST, finished - copied));
            }
            try (Statement statement = connection.createStatement()) {
                statement.execute("vacuum analyze");
            }
        }
    }
}
