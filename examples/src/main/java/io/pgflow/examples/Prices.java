package io.pgflow.examples;

import static io.pgflow.dsl.FlowBuilder.after;
import static io.pgflow.workflow.Condition.input;

import io.pgflow.Pgflow;
import io.pgflow.dsl.FlowBuilder;
import io.pgflow.workflow.Caching;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;

/** A step whose output is used again for an hour, for requests of the same article and country. */
public final class Prices {

    record Request(String article, String country, String customer) {}

    static final StepKey<Integer> QUOTE = StepKey.of("quote", Integer.class);
    static final AtomicInteger CALLS = new AtomicInteger();

    // region cached
    static final Workflow<Request, Integer> PRICES = FlowBuilder.workflow("prices", Request.class)
            .step(
                    QUOTE,
                    after().cache(Caching.of(Duration.ofHours(1), input("/article"), input("/country"))),
                    in -> askTheSupplier(in.input().article(), in.input().country()))
            .returns(QUOTE);
    // endregion

    private Prices() {}

    static int askTheSupplier(String article, String country) {
        return 1000 * CALLS.incrementAndGet() + article.length() + country.length();
    }

    public static void main(String[] args) throws Exception {
        try (var database = ExampleDatabase.start();
                var pgflow = Pgflow.on(database.dataSource()).with(PRICES).start()) {
            for (String customer : new String[] {"ada", "bob", "eve"}) {
                var run = pgflow.executor().start(PRICES, new Request("lamp", "CH", customer));
                System.out.println(customer + " pays " + run.await(Duration.ofMinutes(1)));
                awaitKept(database.dataSource());
            }
            System.out.println("the supplier was asked " + CALLS + " times");
        }
    }

    /** The output is kept a moment after the run has ended; at most half a minute. */
    private static void awaitKept(DataSource database) throws SQLException {
        long giveUp = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            boolean kept = false;
            while (!kept && System.nanoTime() < giveUp) {
                try (ResultSet result = statement.executeQuery("select exists (select from pgflow.cached_outputs)")) {
                    kept = result.next() && result.getBoolean(1);
                }
            }
        }
    }
}
