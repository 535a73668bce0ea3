package io.pgflow.examples;

import io.pgflow.Pgflow;
import io.pgflow.executor.Executor;
import io.pgflow.service.CallTimeoutException;
import io.pgflow.service.Service;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Code that is called by its name, in whatever process has it, with an answer now, later, or never asked for. */
public final class CallAService {

    record Parcel(String country, int kilograms) {}

    private CallAService() {}

    public static void main(String[] args) throws Exception {
        var open = new CountDownLatch(1);
        // region service
        Service<Parcel, Integer> price = Service.of(
                "parcel.price",
                Parcel.class,
                Integer.class,
                in -> 900 + 110 * in.input().kilograms());
        // endregion
        Service<String, String> archive = Service.of("archive", String.class, String.class, in -> {
            open.await(1, TimeUnit.MINUTES);
            return "archived " + in.input();
        });

        try (var database = ExampleDatabase.start();
                var worker =
                        Pgflow.on(database.dataSource()).with(price, archive).start();
                var pool = ExampleDatabase.pool(database.url());
                var caller = Pgflow.on(pool).start()) {
            Executor executor = caller.executor();
            // region call
            int cents = executor.call(price, new Parcel("NO", 12), Duration.ofSeconds(30));
            // endregion
            System.out.println("the parcel costs " + cents);
            // region later
            UUID callId;
            try {
                executor.call(archive, "2026", Duration.ofMillis(100));
                throw new IllegalStateException("that was quick");
            } catch (CallTimeoutException e) {
                callId = e.callId(); // the call goes on
            }
            System.out.println("the archive is "
                    + executor.result(archive, callId).orElseThrow().state());
            // endregion
            open.countDown();
            System.out.println(executor.attach(archive.workflow(), callId).await(Duration.ofMinutes(1)));
            // region job
            UUID jobId = executor.submit(price.job(new Parcel("PT", 3))).id();
            // endregion
            System.out.println(
                    "the job gives " + executor.attach(price.workflow(), jobId).await(Duration.ofMinutes(1)));
            System.out.println("the worker is healthy: "
                    + worker.worker().orElseThrow().status().healthy());
        }
    }
}
