package io.pgflow.sql.model;

import static io.pgflow.sql.model.Moment.NOBODY;
import static io.pgflow.sql.model.Moment.NOTHING;
import static io.pgflow.sql.model.Moment.PARENTS;
import static io.pgflow.sql.model.Moment.TASKS;
import static io.pgflow.sql.model.Moment.WORKERS;

import io.pgflow.sql.model.Moment.State;
import io.pgflow.sql.model.Rules.Kind;
import io.pgflow.sql.model.Rules.Move;
import io.pgflow.sql.model.Rules.Step;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** Goes from the first moment to all that can follow, breadth first, and looks at each moment and each step once. Knows the invariants, not the rules. */
final class Walk {
    /** A transition of the list: subject, name, where from and to. */
    record Listed(String subject, String name, State from, State to) {}

    private final Rules rules;
    private final Set<Listed> list;
    private final List<Moment> moments = new ArrayList<>();
    private final List<Integer> cameFrom = new ArrayList<>();
    private final List<String> cameBy = new ArrayList<>();
    private final Map<String, Integer> known = new HashMap<>();
    private final List<List<Integer>> before = new ArrayList<>();
    private final Set<String> taken = new TreeSet<>();
    private final List<String> problems = new ArrayList<>();
    private long steps;

    Walk(Rules rules, Set<Listed> list) {
        this.rules = rules;
        this.list = list;
    }

    /** Ends early after the first moments with a problem: they explain the others. */
    Walk go() {
        reach(new Moment(), -1, "nothing");
        for (int at = 0; at < moments.size() && problems.size() < 5; at++) {
            Moment now = moments.get(at);
            for (Step step : rules.from(now)) {
                steps++;
                look(at, now, step);
                int then = reach(step.then(), at, step.what());
                if (step.kind() != Kind.OUTSIDE) {
                    before.get(then).add(at);
                }
            }
        }
        if (problems.isEmpty()) {
            everyMomentCanStillEnd();
        }
        return this;
    }

    List<String> problems() {
        return problems;
    }

    /** Names of the transitions that were made. */
    Set<String> taken() {
        return taken;
    }

    int size() {
        return moments.size();
    }

    long steps() {
        return steps;
    }

    private int reach(Moment moment, int from, String by) {
        Integer at = known.putIfAbsent(moment.key(), moments.size());
        if (at != null) {
            return at;
        }
        moments.add(moment);
        cameFrom.add(from);
        cameBy.add(by);
        before.add(new ArrayList<>());
        look(moments.size() - 1, moment);
        return moments.size() - 1;
    }

    private void look(int at, Moment now, Step step) {
        for (Move move : step.moves()) {
            Listed listed = new Listed(move.task() < 0 ? "run" : "task", move.name(), move.from(), move.to());
            taken.add(move.name());
            boolean givesOutput = move.task() >= 0 && move.to() == State.SUCCEEDED;
            must(
                    !givesOutput || now.task[move.task()] != State.SUCCEEDED,
                    at,
                    () -> "I5: " + step.what() + " gave a second output");
            must(
                    list.contains(listed),
                    at,
                    () -> "I4: " + step.what() + " made " + move + ", which is not in the list");
            boolean afterAnEnd = move.newGeneration() && step.then().generation == now.generation + 1;
            must(
                    !move.from().isTerminal() || afterAnEnd,
                    at,
                    () -> "I3: " + step.what() + " moved what had ended: " + move);
        }
        if (step.kind() == Kind.REPORT && !step.moves().isEmpty()) {
            int worker = step.what().charAt(0) - '0';
            must(
                    now.owner[now.belief[worker]] == worker,
                    at,
                    () -> "I6: " + step.what() + " was applied to a task of somebody else");
        }
    }

    private void look(int at, Moment now) {
        for (int t = 0; t < TASKS; t++) {
            look(at, now, t);
        }
        must(now.run != State.RUNNING || !now.hasEndedWell(TASKS - 1), at, () -> "I2: all has ended but the run");
        must(
                now.run != State.RUNNING
                        || IntStream.range(0, TASKS)
                                .noneMatch(t -> now.task[t] == State.FAILED || now.task[t] == State.CANCELLED),
                at,
                () -> "I2: the run goes on without a task that it needs");
        must(
                IntStream.range(0, WORKERS).noneMatch(w -> now.fenceIsCurrent[w] && now.belief[w] == NOTHING),
                at,
                () -> "a fence of nothing");
    }

    private void look(int at, Moment now, int t) {
        must(
                !now.run.isTerminal() || now.task[t].isTerminal(),
                at,
                () -> "I2: the run has ended, task " + t + " has not");
        must(
                now.run != State.SUCCEEDED || now.hasEndedWell(t),
                at,
                () -> "I2: the run succeeded, task " + t + " did not");
        boolean begun = now.task[t] == State.SCHEDULED || now.task[t] == State.RUNNING || now.task[t] == State.RETRYING;
        must(
                !begun || PARENTS.get(t).stream().allMatch(now::hasEndedWell),
                at,
                () -> "I8: task " + t + " began before its parents had ended");
        must(now.begun[t] <= 1, at, () -> "I8: task " + t + " was scheduled for the first time twice");
        must(!begun || now.begun[t] == 1, at, () -> "I8: task " + t + " goes on and was never scheduled");
        long waitsFor = PARENTS.get(t).stream()
                .filter(parent -> !now.hasEndedWell(parent))
                .count();
        boolean counts = now.run == State.PENDING || now.run == State.RUNNING;
        must(
                !counts || now.remaining[t] == waitsFor,
                at,
                () -> "I9: task " + t + " counts " + now.remaining[t] + " parents, there are " + waitsFor);
        must(
                (now.task[t] == State.RUNNING) == (now.owner[t] != NOBODY),
                at,
                () -> "I7: task " + t + " runs and has nobody, or the other way round");
        must(now.failures[t] <= 2 && now.losses[t] <= 2, at, () -> "I11: task " + t + " was tried too often");
        long holders = IntStream.range(0, WORKERS)
                .filter(w -> now.belief[w] == t && now.fenceIsCurrent[w] && now.task[t] == State.RUNNING)
                .count();
        must(holders <= 1, at, () -> "I7: task " + t + " has two owners");
    }

    /** I1: nothing is stuck. From each moment an end of the run can come by what workers and upkeep do, without people and deadlines. */
    private void everyMomentCanStillEnd() {
        BitSet ends = new BitSet();
        Deque<Integer> open = new ArrayDeque<>();
        for (int at = 0; at < moments.size(); at++) {
            if (moments.get(at).run.isTerminal()) {
                ends.set(at);
                open.add(at);
            }
        }
        while (!open.isEmpty()) {
            for (int earlier : before.get(open.remove())) {
                if (!ends.get(earlier)) {
                    ends.set(earlier);
                    open.add(earlier);
                }
            }
        }
        for (int at = 0; at < moments.size() && problems.size() < 5; at++) {
            boolean goesOn = moments.get(at).run == State.PENDING || moments.get(at).run == State.RUNNING;
            must(!goesOn || ends.get(at), at, () -> "I1: the run never ends by itself any more");
        }
    }

    private void must(boolean holds, int at, Supplier<String> problem) {
        if (!holds) {
            problems.add(problem.get() + "\n  at " + moments.get(at) + "\n  after " + wayTo(at));
        }
    }

    private String wayTo(int at) {
        List<String> way = new ArrayList<>();
        for (int i = at; i > 0; i = cameFrom.get(i)) {
            way.add(0, cameBy.get(i));
        }
        return String.join("; ", way);
    }
}
