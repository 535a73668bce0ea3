package io.pgflow.chaos;

import io.pgflow.faults.FaultProxy;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** The worker processes: a few places, each behind a proxy of its own, and each filled again when its process was killed. */
final class Crew implements AutoCloseable {

    /** One place. The name of its processes begins with {@code wN-}. */
    static final class Place {
        private final String prefix;
        private final FaultProxy proxy;
        private final WorkerProcess.Setting setting;
        private final AtomicInteger number = new AtomicInteger();
        private volatile WorkerProcess process;
        private volatile boolean free = true;

        private Place(String prefix, FaultProxy proxy, WorkerProcess.Setting setting) {
            this.prefix = prefix;
            this.proxy = proxy;
            this.setting = setting;
            this.process = next();
        }

        private WorkerProcess next() {
            String name = prefix + number.incrementAndGet();
            return setting.start(name, ChaosDatabase.url(proxy.port(), name));
        }

        String prefix() {
            return prefix;
        }

        FaultProxy proxy() {
            return proxy;
        }

        WorkerProcess process() {
            return process;
        }

        /** After its process has ended. */
        void refill() {
            process = next();
        }

        /** Whether no fault is at work here; who gets true has it, until {@link #leave}. */
        synchronized boolean take() {
            boolean taken = free;
            free = false;
            return taken;
        }

        synchronized void leave() {
            free = true;
        }
    }

    private final List<Place> places = new ArrayList<>();

    /** A worker in each setting. */
    Crew(int port, long seed, List<WorkerProcess.Setting> settings) {
        for (int i = 0; i < settings.size(); i++) {
            places.add(new Place("w" + (i + 1) + "-", FaultProxy.to(port, seed + i), settings.get(i)));
        }
    }

    List<Place> places() {
        return List.copyOf(places);
    }

    @Override
    public void close() throws IOException {
        for (Place place : places) {
            place.process().askToStop();
        }
        for (Place place : places) {
            place.process().end(Duration.ofSeconds(15));
            place.proxy().close();
        }
    }
}
