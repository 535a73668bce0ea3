package io.pgflow.notify;

import java.time.Duration;

/** A daemon thread for one loop; whoever closes the loop waits for it, but not for ever. */
final class OwnThread {
    private final Thread thread;

    private OwnThread(Thread thread) {
        this.thread = thread;
    }

    static OwnThread start(String name, Runnable loop) {
        Thread thread = new Thread(loop, "pgflow-notify-" + name);
        thread.setDaemon(true);
        thread.start();
        return new OwnThread(thread);
    }

    void interrupt() {
        thread.interrupt();
    }

    void join(Duration atMost) {
        try {
            thread.join(atMost.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
