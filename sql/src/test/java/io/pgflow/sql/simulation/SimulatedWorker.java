package io.pgflow.sql.simulation;

import io.pgflow.sql.spec.Row;
import io.pgflow.sql.spec.SqlFailure;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A worker process that keeps to the protocol of the real one: a report is repeated until it has an answer, after a claim without an
 * answer it says what it knows before it claims again, and when it was declared lost it drops what it runs and registers anew.
 */
final class SimulatedWorker extends Caller {
    private static final List<String> QUEUES = List.of("default", "slow");
    private static final String WORKER_LOST = "PF006";
    private static final int SLOTS = 8;

    private final String[] handlers;
    private final Consumer<String> ear = this::hear;
    private final Map<Task, Attempt> running = new LinkedHashMap<>();
    private final Reports reports;
    private final KeptOutputs kept;
    private long id;
    private long beatAt;
    private long lookAt;
    /** Queues that may have work, as far as it heard. */
    private final Set<String> toLook = new LinkedHashSet<>();

    private boolean uncertain;
    private long standsUntil;

    SimulatedWorker(World world, String name, String... handlers) {
        super(world, name);
        this.handlers = handlers;
        this.reports = new Reports(world, name);
        this.kept = new KeptOutputs(world, name);
        this.lookAt = world.now();
        world.listen(ear);
    }

    private void hear(String woken) {
        if (QUEUES.contains(woken)) {
            toLook.add(woken);
        }
    }

    String[] handlers() {
        return handlers;
    }

    boolean holdsWork() {
        return !running.isEmpty();
    }

    /** It ends, with all that it knew. */
    void crash() {
        world.leave(ear);
        world.evidence.disturbed(id);
    }

    /** It does nothing for longer than others wait for it. */
    void standStill(long millis) {
        standsUntil = world.now() + millis;
        world.evidence.disturbed(id);
    }

    @Override
    public long nextAt() {
        return Math.max(standsUntil, wantsAt());
    }

    private long wantsAt() {
        if (id == 0 || owes() || !reports.isEmpty() || kept.hasCalls()) {
            return world.now();
        }
        long next = hasRoom() ? Math.min(beatAt, toLook.isEmpty() ? lookAt : world.now()) : beatAt;
        for (Attempt attempt : running.values()) {
            next = Math.min(next, isOpen(attempt) ? attempt.endsAt() : Long.MAX_VALUE);
        }
        return next;
    }

    private boolean isOpen(Attempt attempt) {
        return !reports.has(attempt.task());
    }

    private boolean hasRoom() {
        return running.size() + kept.claimed() < SLOTS;
    }

    @Override
    public void turn() {
        try {
            takeTurn();
        } catch (SqlFailure e) {
            if (!e.state().equals(WORKER_LOST)) {
                throw e;
            }
            renew();
        } catch (Unanswered e) { // what it was about is still there, and comes again
            lookAt = Math.min(lookAt, world.now() + world.poll);
        }
    }

    /** Its loops know nothing of each other: what is due comes in any order, so that a report may come before the heartbeat that would forbid it. */
    private void takeTurn() {
        if (id == 0) {
            register();
        } else if (beatAt <= world.now() && world.random.nextInt(3) == 0) {
            beat();
        } else if (endHandler()) {
            world.evidence.moved();
        } else if (owes() && world.random.nextInt(3) > 0) {
            followUp();
        } else if (kept.hasCalls() && world.random.nextInt(3) > 0) {
            reuse();
        } else if (!reports.isEmpty() && world.random.nextInt(4) > 0) {
            report();
        } else if (hasRoom() && looks()) {
            claim();
        } else if (beatAt <= world.now()) {
            beat();
        } else if (owes()) {
            followUp();
        } else if (kept.hasCalls()) {
            reuse();
        } else {
            report();
        }
    }

    private void register() {
        id = call(
                        "register",
                        "select pgflow.register_worker(?, ?, ?, ?::interval) as id",
                        name,
                        QUEUES.toArray(String[]::new),
                        handlers,
                        world.lease + " milliseconds")
                .get(0)
                .number("id");
        beatAt = world.now() + world.lease / 4;
        lookAt = world.now();
        uncertain = false;
    }

    /** Others have, or will have, what it was running. What has ended already it reports all the same. */
    private void renew() {
        running.values().removeIf(this::isOpen);
        kept.forget();
        id = 0;
    }

    private void beat() {
        List<Task> tasks = List.copyOf(running.keySet());
        Object[] arrays = Task.arrays(tasks);
        Row answer = call(
                        "beat",
                        "select * from pgflow.heartbeat(?, ?, ?, ?, ?)",
                        id,
                        arrays[0],
                        arrays[1],
                        arrays[2],
                        arrays[3])
                .get(0);
        beatAt = world.now() + world.lease / 4;
        if (!answer.truth("alive")) {
            renew();
            return;
        }
        for (int position : answer.list("lost", Integer.class)) {
            Attempt lost = running.get(tasks.get(position - 1));
            if (lost != null && isOpen(lost)) {
                running.remove(lost.task());
            }
        }
    }

    /** The first handler whose time has come; false when none has. */
    private boolean endHandler() {
        for (Attempt attempt : running.values()) {
            if (attempt.endsAt() <= world.now() && isOpen(attempt)) {
                if (!attempt.handler().equals("book")) {
                    world.evidence.acted(attempt);
                }
                reports.ended(attempt);
                return true;
            }
        }
        return false;
    }

    private void report() {
        for (Row answer : reports.send(id)) {
            follow(answer);
        }
        List<Task> answered = reports.takeAnswered();
        answered.forEach(running::remove);
        kept.ended(answered);
    }

    /** Of what it has claimed it runs what nobody has done before. When it does not hear what that is, it does not know what it holds. */
    private void reuse() {
        if (kept.claimed() == 0) {
            kept.keep();
            return;
        }
        uncertain = true;
        kept.ask(id, this::begin).forEach(this::follow);
        uncertain = false;
    }

    private void claim() {
        if (kept.claimed() > 0) {
            reuse();
            return;
        }
        if (uncertain) {
            recover();
            return;
        }
        uncertain = true;
        String queue = toLook.iterator().next();
        int room = SLOTS - running.size();
        List<Row> claimed = call("claim " + queue, "select * from pgflow.claim_tasks(?, ?, ?)", id, queue, room);
        uncertain = false;
        claimed.stream().filter(task -> !kept.takes(task)).forEach(this::begin);
        if (claimed.size() < room) {
            toLook.remove(queue);
        }
    }

    /** Whether it heard of work; once in a poll interval it looks everywhere, for what it did not hear of. */
    private boolean looks() {
        if (lookAt <= world.now()) {
            toLook.addAll(QUEUES);
            lookAt = world.now() + world.poll;
        }
        return !toLook.isEmpty();
    }

    private void begin(Row claimed) {
        Task task = Task.of(claimed);
        Steps.Step step = world.steps.of(claimed.number("workflow_id"), task.step());
        running.put(task, Attempt.begin(world.random, world.now(), task, step.name(), step.handler()));
        world.evidence.began(task);
    }

    private void recover() {
        Object[] known = Task.arrays(running.keySet());
        Row answer = call(
                        "recover " + running.size(),
                        "select * from pgflow.recover_claims(?, ?, ?, ?)",
                        id,
                        known[0],
                        known[1],
                        known[2])
                .get(0);
        uncertain = false;
        follow(answer);
        world.evidence.holds(world.server, id, running.keySet());
    }

    /** It stops in good order. */
    void retire() {
        world.leave(ear);
        world.evidence.disturbed(id);
        try {
            follow(call("retire", "select * from pgflow.retire_worker(?)", id).get(0));
        } catch (Unanswered e) {
            // it is gone all the same, and will be lost
        }
    }
}
