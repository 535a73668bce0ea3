package io.pgflow.sql.spec;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A call that stands still in the middle of an SQL function, at one of its {@code --@pp} comments.
 *
 * <p>In the databases of these tests the comments are calls of {@code test.pp}, which waits for an advisory lock when its session asked to
 * pause there, and does nothing otherwise.
 */
final class Paused<T> {
    private final Session gate;
    private final int pid;
    private final CompletableFuture<T> result;

    /** What to do with the session that pauses. */
    interface Call<T> {
        T on(Session session);
    }

    private Paused(Session gate, int pid, CompletableFuture<T> result) {
        this.gate = gate;
        this.pid = pid;
        this.result = result;
    }

    /** Returns when the call stands at the point. */
    static <T> Paused<T> at(String point, Session gate, Session session, Call<T> call) {
        int pid = session.pid();
        gate.row("select pg_advisory_lock(77, ?)", pid);
        session.row("select set_config('test.pause_at', ?, false)", point);
        Paused<T> paused =
                new Paused<>(gate, pid, CompletableFuture.supplyAsync(() -> call.on(session), Paused::inThread));
        paused.awaitWaiting("advisory");
        return paused;
    }

    /** Starts a call that is expected to wait for a lock that another one holds; returns when it waits. */
    static <T> Paused<T> blocked(Session gate, Session session, Call<T> call) {
        Paused<T> blocked = new Paused<>(
                gate, session.pid(), CompletableFuture.supplyAsync(() -> call.on(session), Paused::inThread));
        blocked.awaitWaiting("");
        return blocked;
    }

    /** Starts a call while others stand still; returns when it has ended, or waits for a lock that one of them holds. */
    static <T> Paused<T> begun(Session gate, Session session, Call<T> call) {
        Paused<T> begun = new Paused<>(
                gate, session.pid(), CompletableFuture.supplyAsync(() -> call.on(session), Paused::inThread));
        await().atMost(Duration.ofSeconds(20))
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(2))
                .until(() -> begun.result.isDone() || begun.waits(""));
        return begun;
    }

    /** Lets it go on, and waits for it to finish. */
    T resume() {
        release();
        return finish();
    }

    void release() {
        gate.row("select pg_advisory_unlock(77, ?)", pid);
    }

    T finish() {
        try {
            return result.get(30, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(e);
        } catch (InterruptedException | TimeoutException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void inThread(Runnable work) {
        Thread thread = new Thread(work, "paused-call");
        thread.setDaemon(true);
        thread.start();
    }

    private void awaitWaiting(String kind) {
        await().atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(5))
                .failFast("it ended without waiting", result::isDone)
                .until(() -> waits(kind));
    }

    private boolean waits(String kind) {
        return gate.count(
                        "select count(*) from pg_stat_activity where pid = ? and wait_event_type = 'Lock' and (? = '' or wait_event = ?)",
                        pid,
                        kind,
                        kind)
                > 0;
    }

    /** Turns the comments of all functions into calls. */
    static void install(Session session) {
        session.execute("""
                create schema test;
                create function test.pp(p_name text) returns void language plpgsql as $$
                begin
                    if current_setting('test.pause_at', true) = p_name then
                        perform pg_advisory_lock_shared(77, pg_backend_pid());
                        perform pg_advisory_unlock_shared(77, pg_backend_pid());
                    end if;
                end;
                $$;
                """);
        session.rows("""
                        select regexp_replace(pg_get_functiondef(p.oid), '--@pp ([a-z_-]+)', 'perform test.pp(''\\1'');', 'g') as definition
                        from pg_proc p
                        where p.pronamespace = 'pgflow'::regnamespace
                          and p.prosrc like '%--@pp %'
                        """).forEach(function -> session.execute(String.valueOf(function.text("definition"))));
    }
}
