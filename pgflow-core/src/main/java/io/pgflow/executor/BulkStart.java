package io.pgflow.executor;

import io.pgflow.internal.store.StartRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Starts many runs, a thousand in a call, two calls at a time: while the database works on one, the next is made ready. Each call
 * commits on its own. After one that fails no other begins; the one beside it may have been committed.
 */
final class BulkStart {

    private static final int LARGEST_CALL = 1000;

    private final Starter starter;
    private final Optional<String> actor;
    private final List<List<StartRequest>> calls = new ArrayList<>();
    /** By the number of their call. */
    private final Map<Integer, List<UUID>> answers = new ConcurrentSkipListMap<>();

    private final AtomicInteger next = new AtomicInteger();

    BulkStart(Starter starter, List<StartRequest> requests, Optional<String> actor) {
        this.starter = starter;
        this.actor = actor;
        for (int from = 0; from < requests.size(); from += LARGEST_CALL) {
            calls.add(requests.subList(from, Math.min(requests.size(), from + LARGEST_CALL)));
        }
    }

    /** The ids of the runs in the order of the requests. Throws what the starter throws. */
    List<UUID> run() {
        if (calls.size() < 2) {
            sendCalls();
        } else {
            sendInTwoLanes();
        }
        return answers.values().stream().flatMap(List::stream).toList();
    }

    private void sendInTwoLanes() {
        CompletableFuture<Void> beside = CompletableFuture.runAsync(this::sendCalls, BulkStart::inThread);
        try {
            sendCalls();
        } finally {
            join(beside);
        }
    }

    private void sendCalls() {
        int call = next.getAndIncrement();
        while (call < calls.size()) {
            try {
                answers.put(call, starter.start(calls.get(call), actor));
            } catch (RuntimeException | Error e) {
                next.set(calls.size());
                throw e;
            }
            call = next.getAndIncrement();
        }
    }

    private static void join(CompletableFuture<Void> lane) {
        try {
            lane.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException refused) {
                throw refused;
            }
            throw e;
        }
    }

    private static void inThread(Runnable lane) {
        var thread = new Thread(lane, "pgflow-starts");
        thread.setDaemon(true);
        thread.start();
    }
}
