package io.pgflow.notify;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A handler that writes down what it was told. */
final class Heard implements NotificationHandler {
    private final List<String> payloads = new CopyOnWriteArrayList<>();
    private final AtomicInteger catchUps = new AtomicInteger();
    private final Runnable onCatchUp;

    Heard() {
        this(() -> {});
    }

    Heard(Runnable onCatchUp) {
        this.onCatchUp = onCatchUp;
    }

    @Override
    public void notified(String payload) {
        payloads.add(payload);
    }

    @Override
    public void caughtUp() {
        catchUps.incrementAndGet();
        onCatchUp.run();
    }

    List<String> payloads() {
        return payloads;
    }

    int catchUps() {
        return catchUps.get();
    }
}
