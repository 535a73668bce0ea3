package io.pgflow.sql.model;

import static io.pgflow.sql.model.Moment.NOBODY;
import static io.pgflow.sql.model.Moment.NOTHING;
import static io.pgflow.sql.model.Moment.PARENTS;
import static io.pgflow.sql.model.Moment.TASKS;
import static io.pgflow.sql.model.Moment.WORKERS;

import io.pgflow.sql.model.Moment.State;
import io.pgflow.sql.model.Moment.Worker;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * What may happen at a moment, and what follows: the design in one page. Whatever may happen at any time (a crash, a loss, a person) may
 * happen at each moment. Steps have 2 attempts; b is passed over when it fails, c has a fallback; the second loss ends a task (in the
 * product the third: fewer numbers, the same rules).
 */
class Rules {
    private static final int MAX_ATTEMPTS = 2;
    private static final int MAX_LOSSES = 2;
    private static final int GENERATIONS = 2;

    /** A move of the list, as it is made: {@code task -1} is the run. */
    record Move(int task, String name, State from, State to, boolean newGeneration) {}

    /** REPORT: a worker says how its attempt ended; OUTSIDE: a person, a deadline or a crash, which may never come. */
    enum Kind {
        ENGINE,
        REPORT,
        OUTSIDE
    }

    /** What happened, what moved, and what is then. */
    record Step(String what, Kind kind, List<Move> moves, Moment then) {}

    private final List<Move> moves = new ArrayList<>();

    List<Step> from(Moment now) {
        List<Step> steps = new ArrayList<>();
        if (now.run == State.NONE) {
            add(steps, now, Kind.ENGINE, "start", this::start);
            add(steps, now, Kind.ENGINE, "start delayed", this::startDelayed);
            return steps;
        }
        add(steps, now, Kind.ENGINE, "begin", now.run == State.PENDING, this::begin);
        add(
                steps,
                now,
                Kind.OUTSIDE,
                "cancel",
                isOpen(now),
                m -> end(m, State.CANCELLED, now.run == State.PENDING ? "cancel_delayed" : "cancel_run"));
        add(
                steps,
                now,
                Kind.OUTSIDE,
                "deadline of the run",
                isOpen(now),
                m -> end(m, State.FAILED, now.run == State.PENDING ? "fail_delayed" : "fail_run"));
        boolean failed = now.run == State.FAILED || now.run == State.CANCELLED;
        add(steps, now, Kind.OUTSIDE, "retry", failed && now.generation < GENERATIONS, this::beginAnew);
        for (int t = 0; t < TASKS; t++) {
            ofTask(steps, now, t);
        }
        for (int w = 0; w < WORKERS; w++) {
            ofWorker(steps, now, w);
        }
        return steps;
    }

    private void ofTask(List<Step> steps, Moment now, int t) {
        State state = now.task[t];
        boolean idle = now.run == State.RUNNING
                && (state == State.PENDING || state == State.SCHEDULED || state == State.RETRYING);
        String where = state.name().toLowerCase(Locale.ROOT);
        add(
                steps,
                now,
                Kind.ENGINE,
                "due " + t,
                state == State.RETRYING,
                m -> move(m, t, "reschedule", State.SCHEDULED));
        add(steps, now, Kind.OUTSIDE, "skip " + t, idle, m -> finish(m, t, "skip_" + where, State.SKIPPED));
        add(steps, now, Kind.OUTSIDE, "set output " + t, idle, m -> finish(m, t, "set_" + where, State.SUCCEEDED));
        if (state == State.SCHEDULED || state == State.RETRYING) {
            add(
                    steps,
                    now,
                    Kind.OUTSIDE,
                    "deadline " + t,
                    m -> giveUp(m, t, "expire_" + where, "skip_late_" + where, "fall_back_" + where));
        } else if (state == State.RUNNING) {
            add(steps, now, Kind.OUTSIDE, "deadline " + t, m -> giveUp(m, t, "fail", "skip_failed", "fall_back"));
        }
    }

    private void ofWorker(List<Step> steps, Moment now, int w) {
        boolean claims = now.worker[w] == Worker.ALIVE && now.belief[w] == NOTHING;
        for (int t = 0; t < TASKS; t++) {
            int task = t;
            add(
                    steps,
                    now,
                    Kind.ENGINE,
                    w + " claims " + t,
                    claims && now.task[t] == State.SCHEDULED,
                    m -> claim(m, w, task));
            boolean isHandedOn = now.worker[w] == Worker.LOST && now.owner[t] == w;
            add(steps, now, Kind.ENGINE, "lose " + t, isHandedOn, m -> lose(m, task));
        }
        if (now.belief[w] != NOTHING && now.worker[w] != Worker.CRASHED) {
            add(
                    steps,
                    now,
                    Kind.REPORT,
                    w + " completes",
                    m -> report(m, w, t -> finish(m, t, "complete", State.SUCCEEDED)));
            add(steps, now, Kind.REPORT, w + " reuses", m -> report(m, w, t -> finish(m, t, "reuse", State.SUCCEEDED)));
            add(steps, now, Kind.REPORT, w + " fails", m -> report(m, w, t -> fail(m, t, true)));
            add(steps, now, Kind.REPORT, w + " fails for good", m -> report(m, w, t -> fail(m, t, false)));
            add(
                    steps,
                    now,
                    Kind.REPORT,
                    w + " releases",
                    m -> report(m, w, t -> move(m, t, "release", State.RETRYING)));
        }
        // Of a worker that holds nothing, neither would change anything.
        boolean holds = now.worker[w] == Worker.ALIVE && now.belief[w] != NOTHING;
        add(steps, now, Kind.OUTSIDE, w + " crashes", holds, m -> crash(m, w));
        add(
                steps,
                now,
                Kind.ENGINE,
                w + " is declared lost",
                holds || now.worker[w] == Worker.CRASHED,
                m -> m.worker[w] = Worker.LOST);
        boolean holdsNone = IntStream.range(0, TASKS).noneMatch(t -> now.owner[t] == w);
        boolean comesBack = now.worker[w] == Worker.LOST && now.belief[w] == NOTHING && holdsNone;
        add(steps, now, Kind.ENGINE, w + " registers anew", comesBack, m -> m.worker[w] = Worker.ALIVE);
    }

    private void start(Moment m) {
        moveRun(m, "start", State.RUNNING);
        for (int t = 0; t < TASKS; t++) {
            m.remaining[t] = PARENTS.get(t).size();
            move(
                    m,
                    t,
                    m.remaining[t] == 0 ? "enqueue" : "await",
                    m.remaining[t] == 0 ? State.SCHEDULED : State.PENDING);
        }
    }

    private void startDelayed(Moment m) {
        moveRun(m, "delay", State.PENDING);
        for (int t = 0; t < TASKS; t++) {
            m.remaining[t] = PARENTS.get(t).size();
            move(m, t, "await", State.PENDING);
        }
    }

    private void begin(Moment m) {
        moveRun(m, "begin", State.RUNNING);
        for (int t = 0; t < TASKS; t++) {
            if (PARENTS.get(t).isEmpty()) {
                goOn(m, t);
            }
        }
        endWhenDone(m);
    }

    private void claim(Moment m, int w, int t) {
        move(m, t, "claim", State.RUNNING);
        m.owner[t] = w;
        for (int other = 0; other < WORKERS; other++) {
            m.fenceIsCurrent[other] &= m.belief[other] != t;
        }
        m.belief[w] = t;
        m.fenceIsCurrent[w] = true;
    }

    /** It counts when task and fence are still so, whoever sends it; else it is late, and changes nothing. */
    private void report(Moment m, int w, IntConsumer applied) {
        int t = m.belief[w];
        m.belief[w] = NOTHING;
        boolean current = m.fenceIsCurrent[w];
        m.fenceIsCurrent[w] = false;
        if (counts(m, t, current)) {
            applied.accept(t);
        }
    }

    boolean counts(Moment m, int t, boolean fenceIsCurrent) {
        return fenceIsCurrent && m.task[t] == State.RUNNING;
    }

    private void fail(Moment m, int t, boolean retryable) {
        m.failures[t]++;
        if (retryable && m.failures[t] < MAX_ATTEMPTS) {
            move(m, t, "retry", State.RETRYING);
        } else {
            giveUp(m, t, "fail", "skip_failed", "fall_back");
        }
    }

    private void giveUp(Moment m, int t, String fail, String skip, String fallBack) {
        switch (t) {
            case 1 -> finish(m, t, skip, State.SKIPPED);
            case 2 -> finish(m, t, fallBack, State.SUCCEEDED);
            default -> failRunWith(m, t, fail);
        }
    }

    private void lose(Moment m, int t) {
        m.losses[t]++;
        if (m.losses[t] < MAX_LOSSES) {
            move(m, t, "lose", State.RETRYING);
        } else {
            failRunWith(m, t, "poison");
        }
    }

    private void failRunWith(Moment m, int t, String name) {
        move(m, t, name, State.FAILED);
        end(m, State.FAILED, "fail_run");
    }

    private void crash(Moment m, int w) {
        m.worker[w] = Worker.CRASHED;
        m.belief[w] = NOTHING;
        m.fenceIsCurrent[w] = false;
    }

    /** A task ends well: those after it wait for one less, once everything before it has ended too. */
    private void finish(Moment m, int t, String name, State how) {
        move(m, t, name, how);
        if (m.remaining[t] == 0) {
            countOff(m, t);
        }
        endWhenDone(m);
    }

    void countOff(Moment m, int t) {
        for (int child = 0; child < TASKS; child++) {
            if (PARENTS.get(child).contains(t)) {
                m.remaining[child]--;
                if (m.remaining[child] == 0) {
                    goOn(m, child);
                }
            }
        }
    }

    /** It waits for nothing any more. */
    private void goOn(Moment m, int t) {
        if (m.task[t] == State.PENDING) {
            move(m, t, "schedule", State.SCHEDULED);
        } else if (m.task[t].isTerminal()
                && m.remaining[t] == 0
                && !PARENTS.get(t).isEmpty()) {
            countOff(m, t);
        }
    }

    private void endWhenDone(Moment m) {
        if (m.run == State.RUNNING && m.hasEndedWell(TASKS - 1)) {
            moveRun(m, "succeed", State.SUCCEEDED);
        }
    }

    private void end(Moment m, State how, String name) {
        moveRun(m, name, how);
        for (int t = 0; t < TASKS; t++) {
            if (!m.task[t].isTerminal()) {
                move(m, t, "cancel_" + m.task[t].name().toLowerCase(Locale.ROOT), State.CANCELLED);
            }
        }
    }

    /** What failed or was cancelled begins anew; the rest stays. */
    private void beginAnew(Moment m) {
        m.generation++;
        moveRun(m, "restart_run", State.RUNNING);
        List<Integer> again = new ArrayList<>();
        for (int t = 0; t < TASKS; t++) {
            if (m.task[t] == State.FAILED || m.task[t] == State.CANCELLED) {
                move(m, t, "restart", State.PENDING);
                m.failures[t] = 0;
                m.losses[t] = 0;
                m.begun[t] = 0;
                again.add(t);
            }
            m.remaining[t] = (int) PARENTS.get(t).stream()
                    .filter(parent -> !m.hasEndedWell(parent))
                    .count();
        }
        again.stream().filter(t -> m.remaining[t] == 0).forEach(t -> goOn(m, t));
        endWhenDone(m);
    }

    private void move(Moment m, int t, String name, State to) {
        boolean isRestart = name.equals("restart");
        moves.add(new Move(t, name, isRestart ? State.NONE : m.task[t], to, isRestart));
        m.task[t] = to;
        if (to != State.RUNNING) {
            m.owner[t] = NOBODY;
        }
        if (name.equals("enqueue") || name.equals("schedule")) {
            m.begun[t]++;
        }
    }

    private void moveRun(Moment m, String name, State to) {
        boolean isRestart = name.equals("restart_run");
        moves.add(new Move(-1, name, isRestart ? State.NONE : m.run, to, isRestart));
        m.run = to;
    }

    private static boolean isOpen(Moment m) {
        return m.run == State.PENDING || m.run == State.RUNNING;
    }

    private void add(List<Step> steps, Moment now, Kind kind, String what, boolean mayHappen, Consumer<Moment> rule) {
        if (mayHappen) {
            add(steps, now, kind, what, rule);
        }
    }

    private void add(List<Step> steps, Moment now, Kind kind, String what, Consumer<Moment> rule) {
        Moment then = now.copy();
        moves.clear();
        rule.accept(then);
        steps.add(new Step(what, kind, List.copyOf(moves), then));
    }
}
