package io.pgflow.sql.spec;

import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What workers and holders of tokens say about deferred tasks. */
record Deferring(Session db) {
    /** A token for a claimed task: an hour for an answer, and as much silence as said. */
    String token(Claim claim, @Nullable String silence) {
        return String.valueOf(db.row(
                        "select unnest(pgflow.issue_tokens(?, ?, ?, ?, array['1 hour'::interval], array[?::interval])) as token",
                        Session.ids(List.of(claim)),
                        Session.steps(List.of(claim)),
                        Session.items(List.of(claim)),
                        Session.fences(List.of(claim)),
                        silence)
                .text("token"));
    }

    String token(Claim claim) {
        return token(claim, null);
    }

    /** The handler has returned; true when it was not too late. */
    boolean handOver(long worker, Claim... claims) {
        List<Claim> handed = List.of(claims);
        return db.row(
                        "select coalesce(cardinality(stale), 0) = 0 as applied from pgflow.defer_tasks(?, ?, ?, ?, ?)",
                        worker,
                        Session.ids(handed),
                        Session.steps(handed),
                        Session.items(handed),
                        Session.fences(handed))
                .truth("applied");
    }

    /** Claims the next task and defers it; its token. */
    String next(long worker, @Nullable String silence) {
        Claim claim = db.claimOne(worker);
        String token = token(claim, silence);
        handOver(worker, claim);
        return token;
    }

    String next(long worker) {
        return next(worker, null);
    }

    List<String> complete(String output, String... tokens) {
        return db.texts(
                "select unnest(outcomes) from pgflow.complete_deferred(?, ?::jsonb[])",
                tokens,
                Collections.nCopies(tokens.length, output).toArray(String[]::new));
    }

    List<String> fail(boolean retryable, String... tokens) {
        return db.texts(
                "select unnest(outcomes) from pgflow.fail_deferred(?, array_fill('{\"message\": \"no luck\"}'::jsonb, array[?]),"
                        + " array_fill(?::boolean, array[?]))",
                tokens,
                tokens.length,
                retryable,
                tokens.length);
    }

    List<String> beat(@Nullable String progress, String... tokens) {
        return db.texts(
                "select unnest(pgflow.heartbeat_deferred(?, array_fill(?::jsonb, array[?])))",
                tokens,
                progress,
                tokens.length);
    }
}
