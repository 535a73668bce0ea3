package io.pgflow.examples;

import static io.pgflow.dsl.FlowBuilder.after;
import static io.pgflow.workflow.Condition.input;

import io.pgflow.Pgflow;
import io.pgflow.dsl.FlowBuilder;
import io.pgflow.workflow.Caching;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

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
                Thread.sleep(200); // the output is kept right after the run has ended
            }
            System.out.println("the supplier was asked " + CALLS + " times");
        }
    }
}
