package io.pgflow.sql.simulation;

import io.pgflow.embedded.TestDatabases;
import io.pgflow.sql.PgflowSchema;
import io.pgflow.sql.spec.Row;
import io.pgflow.sql.spec.Session;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.sql.DataSource;

/**
 * One history, from a seed: first everything happens and fails, then faults stop and it must become quiet, then the tables are held
 * against what the processes saw. Nothing in it depends on real time, threads or chance but that of the seed.
 */
final class Simulation {
    /** Calls of the time in which everything fails. */
    private static final int CALLS = Integer.getInteger("calls", 1500);

    /** Calls in which all must be over once nothing fails any more. */
    private static final int MOST_UNTIL_QUIET = 6000;

    private static final String[] ALL_HANDLERS = {"work", "book", "later", "rare", KeptOutputs.HANDLER};

    private final Random random;
    private final int calls;
    private final World world;
    private final List<Actor> actors = new ArrayList<>();
    private int born;
    private int verifyAt = 250;

    private Simulation(Random random, int calls, Session session) {
        this.random = random;
        this.calls = calls;
        this.world = new World(random, session);
    }

    /** Plays a seed; throws an AssertionError that tells its history when something is not as it must be. */
    static Played play(long seed) {
        return play(seed, CALLS, "");
    }

    /**
     * The same.
     *
     * @param calls of the time in which everything fails
     * @param lie SQL that falsifies the tables before they are held against what the processes saw; none when empty
     */
    static Played play(long seed, int calls, String lie) {
        DataSource database = TestDatabases.freshDatabase(Simulation::prepare, "simulation");
        try (Session session = new Session(database)) {
            Simulation simulation = new Simulation(new Random(seed), calls, session);
            try {
                simulation.play(lie);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError(simulation.report(seed, String.valueOf(e.getMessage())), e);
            }
            return simulation.played();
        } finally {
            TestDatabases.drop(database);
        }
    }

    private String report(long seed, String problem) {
        Matcher run = Pattern.compile("\\brun\\d+\\b").matcher(problem);
        return "seed " + seed + ", after " + world.server.calls() + " calls: " + problem
                + "\n\nto play it again: -DargLine=-Dseed=" + seed
                + "\n\nthe last calls:\n" + world.history.last(40)
                + (run.find()
                        ? "\n\nthe last calls of " + run.group() + ":\n" + world.history.last(40, run.group())
                        : "");
    }

    private static void prepare(DataSource database) {
        try (Session session = new Session(database)) {
            PgflowSchema.migrate(database);
            session.execute("create table ledger (run_id uuid, step smallint, item int, fence int)");
            withoutChance(session);
        }
    }

    /** What the server does by chance or when it has time: ids of runs that steps and schedules start, and the order of rows on pages. */
    private static void withoutChance(Session session) {
        session.execute("""
                create sequence chance;
                do $$
                declare
                    v_table regclass;
                begin
                    execute replace(
                        pg_get_functiondef('pgflow._time_ordered_id()'::regprocedure),
                        'pg_catalog.gen_random_uuid()',
                        'pg_catalog.md5(pg_catalog.nextval(''public.chance'')::text)::uuid');
                    for v_table in
                        select c.oid
                        from pg_class c
                        where c.relkind = 'r'
                          and c.relnamespace in ('pgflow'::regnamespace, 'pgmq'::regnamespace)
                    loop
                        execute format('alter table %s set (autovacuum_enabled = false)', v_table);
                    end loop;
                end;
                $$;
                """);
    }

    private void play(String lie) {
        Map<String, List<Long>> versions = define();
        actors.add(world.outside);
        for (int i = 0; i < 2; i++) {
            actors.add(new SimulatedUpkeep(world, "upkeep" + ++born));
            actors.add(new Client(world, "client" + ++born, versions));
        }
        actors.add(new SimulatedWorker(world, "worker" + ++born, ALL_HANDLERS));
        actors.add(new SimulatedWorker(world, "worker" + ++born, ALL_HANDLERS));
        actors.add(new SimulatedWorker(world, "worker" + ++born, "work", "book"));
        while (world.server.calls() < calls) {
            next();
            verifyAtTimes();
        }
        world.faults.end();
        world.history.say("simulation", "nothing fails any more");
        actors.forEach(Actor::calm);
        untilQuiet();
        if (!lie.isEmpty()) {
            world.server.session().execute(lie);
        }
        mustBeEmpty(world.evidence.differences(world.server, world.history));
    }

    /** So that a failure is found near its cause. */
    private void verifyAtTimes() {
        if (world.server.calls() >= verifyAt) {
            verifyAt = world.server.calls() * 5 / 4 + 250; // it reads everything, of which there is more each time
            mustBeEmpty(Evidence.verify(world.server, world.history));
        }
    }

    private static void mustBeEmpty(List<String> problems) {
        if (!problems.isEmpty()) {
            throw new AssertionError(problems.stream().limit(20).collect(Collectors.joining("\n")));
        }
    }

    /** The versions of each workflow by its name. */
    private Map<String, List<Long>> define() {
        List<String> definitions = new ArrayList<>(List.of(Shapes.leaf()));
        for (int i = 1; i <= 3; i++) {
            definitions.addAll(Shapes.workflow(random, "w" + i));
        }
        Map<String, List<Long>> versions = new TreeMap<>();
        for (String definition : definitions) {
            Row defined = world.server
                    .read("select * from pgflow.define_workflow(?::jsonb)", definition)
                    .get(0);
            versions.computeIfAbsent(definition.split("\"")[3], any -> new ArrayList<>())
                    .add(defined.number("workflow_id"));
            world.history.add(definition);
        }
        world.server.read("select pgflow.create_queue('slow')");
        world.server.read(
                "select * from pgflow.define_schedule('often', '{\"workflow\": \"w1\", \"every\": \"PT3M\", \"input\": [1, 2], \"overlap\": \"skip\"}', 'ada', null)");
        return versions;
    }

    /** The next turn: of anybody who has something to do, after the time until somebody has. */
    private void next() {
        world.clock.pass(random.nextInt(3) == 0 ? random.nextInt(100) : 0);
        List<Actor> ready =
                actors.stream().filter(actor -> actor.nextAt() <= world.now()).toList();
        if (ready.isEmpty()) {
            world.clock.passUntil(actors.stream().mapToLong(Actor::nextAt).min().orElseThrow());
            return;
        }
        Actor actor = ready.get(random.nextInt(ready.size()));
        boolean unanswered = takeTurn(actor);
        if (actor instanceof SimulatedWorker worker) {
            befall(worker, unanswered);
        } else if (actor instanceof SimulatedUpkeep upkeep && world.faults.happens(Fault.CRASH, 0.05)) {
            world.history.say("upkeep", "crashes");
            upkeep.crash();
            actors.set(actors.indexOf(upkeep), new SimulatedUpkeep(world, "upkeep" + ++born));
        }
    }

    /** True when it made a call that went wrong. */
    private boolean takeTurn(Actor actor) {
        int before = world.server.calls();
        actor.turn();
        return world.server.calls() > before && world.server.failed();
    }

    /** Faults that meet a worker while it has something to lose, and its regular end. */
    private void befall(SimulatedWorker worker, boolean unanswered) {
        if (!worker.holdsWork()) {
            return;
        }
        if (world.faults.happens(Fault.CRASH, unanswered ? 3 : 0.2)) {
            world.history.say(worker.name, "crashes");
            worker.crash();
            replace(worker);
        } else if (world.faults.happens(Fault.STANDSTILL, 0.4)) {
            world.history.say(worker.name, "stands still");
            worker.standStill(world.lease + random.nextLong(world.lease));
        } else if (world.faults.happens(Fault.RETIREMENT, 0.1)) {
            worker.retire();
            replace(worker);
        }
    }

    private void replace(SimulatedWorker worker) {
        actors.set(actors.indexOf(worker), new SimulatedWorker(world, "worker" + ++born, worker.handlers()));
    }

    private void untilQuiet() {
        int until = world.server.calls() + MOST_UNTIL_QUIET;
        int look = world.server.calls();
        while (world.server.calls() < until) {
            next();
            verifyAtTimes();
            if (world.server.calls() >= look) {
                look = world.server.calls() + 100;
                if (isQuiet()) {
                    return;
                }
            }
        }
        throw new AssertionError("it does not become quiet: " + world.history.words(world.server.read("""
                        select t.run_id, t.step, t.item, t.state, t.deferred, w.reason
                        from pgflow.runs r
                        join pgflow.tasks t using (run_id)
                        join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
                        left join lateral pgflow.why_not_running(t.run_id, s.name, t.item) w on true
                        where r.ended_at is null and t.state in ('PENDING', 'SCHEDULED', 'RUNNING', 'RETRYING')
                        order by t.run_id, t.step, t.item
                        limit 20
                        """)));
    }

    private boolean isQuiet() {
        return world.server.read("""
                        select not exists (select from pgflow.runs where ended_at is null)
                           and not exists (select from pgflow.timers)
                           and not exists (select from pgflow.unsettled_steps)
                           and not exists (select from pgflow.parked_tasks)
                           and not exists (select from pgflow.workers where end_cause = 'lost' and recovered_at is null) as quiet
                        """).get(0).truth("quiet");
    }

    private Played played() {
        world.history.add("the audit");
        world.server.read("""
                        select e.at, e.run_id, e.step, e.item, e.seq, t.name, e.generation, e.attempt, e.fence, e.worker_id, e.output_hash,
                               e.actor, e.detail::text
                        from pgflow.events e
                        join pgflow.transitions t using (transition)
                        order by e.event_id
                        """).forEach(row -> world.history.add(world.history.words(List.of(row))));
        List<String> moves = world
                .server
                .read(
                        "select distinct t.name from pgflow.events e join pgflow.transitions t using (transition) order by 1")
                .stream()
                .map(row -> String.valueOf(row.text("name")))
                .toList();
        return new Played(
                world.history.lines(),
                world.server.calls(),
                world.now(),
                world.faults.fired(),
                world.evidence.lostWorkers(),
                moves);
    }

    /**
     * What came of a seed.
     *
     * @param millis of simulated time
     */
    record Played(
            List<String> history,
            int calls,
            long millis,
            Map<Fault, Integer> faults,
            int lostWorkers,
            List<String> moves) {}
}
