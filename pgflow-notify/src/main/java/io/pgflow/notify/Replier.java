package io.pgflow.notify;

import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The answering side of one queue: whenever there may be requests, answers them one after the other until there are none. */
final class Replier implements NotificationHandler {
    private static final Logger log = LoggerFactory.getLogger(Replier.class);

    /** A request that was read more often than this brings its handlers down; it is answered with an error instead. */
    private static final int MOST_READS = 5;

    private final Correspondence letters;
    private final RequestHandler handler;
    private final Duration replyWithin;
    private volatile boolean stopped;

    Replier(Correspondence letters, RequestHandler handler, Duration replyWithin) {
        this.letters = letters;
        this.handler = handler;
        this.replyWithin = replyWithin;
    }

    void stop() {
        stopped = true;
    }

    @Override
    public void notified(String correlation) {
        caughtUp();
    }

    @Override
    public void caughtUp() {
        while (!stopped) {
            Optional<Correspondence.Request> request = letters.next(replyWithin);
            if (request.isEmpty()) {
                return;
            }
            answer(request.get());
        }
    }

    private void answer(Correspondence.Request request) {
        if (request.correlation() == null || request.body() == null) {
            log.warn("[PGF-NTF-013] Message {} is not a request; it goes to the archive", request.id());
            letters.setAside(request.id());
        } else if (request.reads() > MOST_READS) {
            letters.fail(request, "given to a handler " + MOST_READS + " times without an answer");
        } else {
            handle(request, request.body());
        }
    }

    private void handle(Correspondence.Request request, String body) {
        String json;
        try {
            json = handler.handle(body);
        } catch (InterruptedException e) {
            // Closing: the request is read again elsewhere after replyWithin.
            Thread.currentThread().interrupt();
            return;
        } catch (Exception e) {
            log.warn("[PGF-NTF-012] A request was answered with an error", e);
            letters.fail(request, e.toString());
            return;
        }
        reply(request, json);
    }

    /** Only an answer that is not JSON is the handler's fault; after any other failure the request is read again. */
    private void reply(Correspondence.Request request, String json) {
        try {
            letters.answer(request, json);
        } catch (NotificationException e) {
            if (!e.code().equals("PGF-NTF-010")) {
                throw e;
            }
            letters.fail(request, String.valueOf(e.getMessage()));
        }
    }
}
