package io.pgflow.worker;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/** Where handlers run: a virtual thread each where the JVM has them (21 and newer), else pooled daemon threads. */
final class HandlerThreads {

    private HandlerThreads() {}

    static ExecutorService open() {
        try {
            MethodHandle virtual = MethodHandles.publicLookup()
                    .findStatic(
                            Executors.class,
                            "newVirtualThreadPerTaskExecutor",
                            MethodType.methodType(ExecutorService.class));
            return (ExecutorService) virtual.invokeExact();
        } catch (NoSuchMethodException | IllegalAccessException e) {
            return pooled();
        } catch (Throwable e) {
            throw new IllegalStateException("virtual threads are there but cannot be used", e);
        }
    }

    /** Unbounded on purpose: the slots of the worker are the bound. */
    private static ExecutorService pooled() {
        var number = new AtomicLong();
        return Executors.newCachedThreadPool(work -> {
            var thread = new Thread(work, "pgflow-handler-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
    }
}
