package io.pgflow.sql.simulation;

import io.pgflow.sql.spec.Row;
import io.pgflow.sql.spec.SqlFailure;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Whoever starts runs and acts on them. A command without an answer is sent again as it was: it has the same ids. */
final class Client extends Caller {
    private static final int MOST_OPEN = 10;
    private static final String BY = "'ada', 'as the seed says'";

    /** A command that is sent until it has an answer. */
    private record Command(String what, String sql, Runnable after, List<@Nullable Object> parameters) {}

    private final Map<String, Long> workflows = new TreeMap<>();
    private final List<UUID> started = new ArrayList<>();
    private @Nullable Command pending;
    private long actsAt;
    private boolean calm;

    Client(World world, String name, Map<String, Long> workflows) {
        super(world, name);
        this.workflows.putAll(workflows);
    }

    @Override
    public long nextAt() {
        return pending != null || owes() ? world.now() : actsAt;
    }

    @Override
    public void calm() {
        calm = true;
        actsAt = world.now();
        pending = null;
    }

    @Override
    public void turn() {
        if (pending == null && owes()) {
            followUp();
            return;
        }
        if (pending == null) {
            actsAt = world.now() + world.random.nextLong(calm ? 6_000 : 60_000);
            pending = calm ? nextToFinish() : next();
        }
        if (pending != null) {
            send(pending);
        }
    }

    private void send(Command command) {
        try {
            List<Row> answer =
                    call(command.what(), command.sql(), command.parameters().toArray());
            command.after().run();
            answer.forEach(this::follow);
        } catch (SqlFailure e) {
            if (!e.state().startsWith("PF")) {
                throw e;
            }
        } catch (Unanswered e) {
            return;
        }
        pending = null;
    }

    private @Nullable Command next() {
        int chance = world.random.nextInt(100);
        if (started.isEmpty() || chance < 45) {
            return open() < MOST_OPEN ? start() : null;
        }
        UUID run = started.get(started.size() - 1 - world.random.nextInt(Math.min(12, started.size())));
        if (chance < 62) {
            return finish();
        } else if (chance < 90) {
            return ofRun(chance, run);
        }
        return rule(chance);
    }

    private long open() {
        return world.server
                .read("select count(*) as open from pgflow.runs where ended_at is null")
                .get(0)
                .number("open");
    }

    private Command start() {
        List<String> names = List.copyOf(workflows.keySet());
        String workflow = names.get(world.random.nextInt(names.size()));
        UUID run = newRun();
        started.add(run);
        boolean delayed = world.random.nextInt(6) == 0;
        return command(
                "start " + workflow + " " + world.history.run(run) + (delayed ? " delayed" : ""),
                "select * from pgflow.start_runs_until(array[?::uuid], array[?::bigint], array[?::jsonb], null, array[null::jsonb],"
                        + " array[?::interval], array[?::smallint], 'ada', array[?::interval])",
                () -> world.evidence.acknowledged(run),
                run,
                workflows.get(workflow),
                input(),
                delayed ? world.random.nextInt(300) + " seconds" : null,
                1 + world.random.nextInt(3),
                world.random.nextInt(8) == 0 ? "10 minutes" : null);
    }

    /** In the order of time, like those that the library makes; all of it from the seed. */
    private UUID newRun() {
        long millis = world.clock.instant().toEpochMilli();
        return new UUID(
                (millis << 16) | 0x7000 | world.random.nextInt(0x1000),
                (world.random.nextLong() & 0x3fffffffffffffffL) | 0x8000000000000000L);
    }

    private String input() {
        StringBuilder items = new StringBuilder("[");
        int count = world.random.nextInt(6);
        for (int i = 0; i < count; i++) {
            items.append(i == 0 ? "" : ", ").append(world.random.nextInt(10));
        }
        return items.append(']').toString();
    }

    private @Nullable Command ofRun(int chance, UUID run) {
        String of = " " + world.history.run(run);
        String step = "s" + (1 + world.random.nextInt(6));
        if (chance < 67) {
            return command(
                    "cancel" + of,
                    "select * from pgflow.cancel_runs(array[?::uuid], " + BY + ")",
                    this::owesSettling,
                    run);
        } else if (chance < 74) {
            return command("retry" + of, "select * from pgflow.retry_runs(array[?::uuid], " + BY + ")", run);
        } else if (chance < 78) {
            return command(
                    "rerun" + of + " " + step,
                    "select * from pgflow.rerun_steps(array[?::uuid], array[?::text], " + BY + ")",
                    run,
                    step);
        } else if (chance < 82) {
            return command(
                    "skip" + of + " " + step,
                    "select * from pgflow.skip_tasks(array[?::uuid], array[?::text], " + BY + ")",
                    run,
                    step);
        } else if (chance < 86) {
            return command(
                    "set output" + of + " " + step,
                    "select * from pgflow.set_output(?::uuid, ?::text, 0, '{\"n\": 4}', " + BY + ")",
                    run,
                    step);
        }
        return command(
                "signal" + of,
                "select * from pgflow.signal_run(?::uuid, 'paid', '{\"n\": 3}', ?::text, 'ada')",
                run,
                "s" + world.random.nextInt(3));
    }

    private Command rule(int chance) {
        boolean resumes = world.random.nextInt(3) > 0;
        if (chance < 93) {
            return command(
                    resumes ? "resume slow" : "pause slow",
                    "select * from pgflow." + (resumes ? "resume" : "pause") + "('queue', array['slow'], " + BY + ")");
        } else if (chance < 97) {
            String workflow = "w" + (1 + world.random.nextInt(3));
            return command(
                    (resumes ? "resume " : "pause ") + workflow,
                    "select * from pgflow." + (resumes ? "resume" : "pause") + "('workflow', array[?::text], " + BY
                            + ")",
                    workflow);
        }
        Integer limit = resumes ? null : (Integer) (1 + world.random.nextInt(3));
        return command(
                "limit default " + limit, "select * from pgflow.limit_queue('default', ?::int, " + BY + ")", limit);
    }

    private static Command command(String what, String sql, Runnable after, @Nullable Object... parameters) {
        return new Command(what, sql, after, Arrays.asList(parameters));
    }

    private static Command command(String what, String sql, @Nullable Object... parameters) {
        return command(what, sql, () -> {}, parameters);
    }

    /** What nobody else brings to its end. */
    private @Nullable Command nextToFinish() {
        for (Row rule : world.server.read(
                "select rule, scope, name from pgflow.claim_rules order by rule, scope, name limit 1")) {
            return rule.text("rule").equals("limit")
                    ? command("unlimit", "select * from pgflow.limit_queue(?, null, " + BY + ")", rule.text("name"))
                    : command(
                            "resume " + rule.text("name"),
                            "select * from pgflow.resume(?, array[?::text], " + BY + ")",
                            rule.text("scope"),
                            rule.text("name"));
        }
        if (!world.server.read("select from pgflow.schedules").isEmpty()) {
            return command("delete schedule", "select pgflow.delete_schedule('often', " + BY + ")");
        }
        return finish();
    }

    private @Nullable Command finish() {
        for (Row asked : world.server.read(
                "select approval_id, run_id, step from pgflow.approvals where state = 'pending' order by requested_at, run_id, step limit 1")) {
            String choice = world.random.nextInt(4) > 0 ? "approve" : "reject";
            return command(
                    choice + " " + world.history.run(asked.uuid("run_id")) + "/" + asked.integer("step"),
                    "select * from pgflow.decide_approval(?::uuid, null, null, ?::text, '{}', ?::text)",
                    asked.uuid("approval_id"),
                    "voter" + world.random.nextInt(4),
                    choice);
        }
        return null;
    }
}
