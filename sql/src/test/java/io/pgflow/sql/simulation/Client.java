package io.pgflow.sql.simulation;

import io.pgflow.sql.spec.Row;
import io.pgflow.sql.spec.SqlFailure;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Whoever starts runs and acts on them. A command without an answer is sent again as it was: it has the same ids. */
final class Client extends Caller {
    private static final int MOST_OPEN = 10;
    private static final String BY = "'ada', 'as the seed says'";

    private final Starts starts;
    private @Nullable Command pending;
    private long actsAt;
    private boolean calm;

    Client(World world, String name, Map<String, List<Long>> versions) {
        super(world, name);
        this.starts = new Starts(world, versions);
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
            command.before().run();
            List<Row> answer =
                    call(command.what(), command.sql(), command.parameters().toArray());
            command.after().accept(answer);
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
        if (starts.isEmpty() || chance < 45) {
            return open() < MOST_OPEN ? starts.next() : null;
        } else if (chance < 60) {
            return finish();
        } else if (chance < 62) {
            return prune();
        } else if (chance < 90) {
            return ofRun(chance, starts.recent());
        }
        return rule(chance);
    }

    private long open() {
        return world.server
                .read("select count(*) as open from pgflow.runs where ended_at is null")
                .get(0)
                .number("open");
    }

    /** What ended a while ago goes, and nothing else may. */
    private Command prune() {
        return Command.of(
                        "prune",
                        "select * from pgflow.prune_runs('{SUCCEEDED,FAILED,CANCELLED}', interval '10 minutes', 5)")
                .before(() -> world.evidence.mayForget(
                        world.server,
                        "select run_id from pgflow.runs where ended_at < pgflow.clock() - interval '10 minutes'"));
    }

    private Command ofRun(int chance, UUID run) {
        String of = " " + world.history.run(run);
        String step = "s" + (1 + world.random.nextInt(6));
        if (chance < 66) {
            return Command.of("cancel" + of, "select * from pgflow.cancel_runs(array[?::uuid], " + BY + ")", run)
                    .after(answer -> owesSettling());
        } else if (chance < 72) {
            return Command.of("retry" + of, "select * from pgflow.retry_runs(array[?::uuid], " + BY + ")", run);
        } else if (chance < 76) {
            return Command.of(
                    "rerun" + of + " " + step,
                    "select * from pgflow.rerun_steps(array[?::uuid], array[?::text], " + BY + ")",
                    run,
                    step);
        } else if (chance < 79) {
            return Command.of(
                    "skip" + of + " " + step,
                    "select * from pgflow.skip_tasks(array[?::uuid], array[?::text], " + BY + ")",
                    run,
                    step);
        } else if (chance < 82) {
            return Command.of(
                    "set output" + of + " " + step,
                    "select * from pgflow.set_output(?::uuid, ?::text, 0, '{\"n\": 4}', " + BY + ")",
                    run,
                    step);
        } else if (chance < 84) {
            return starts.again(run, BY);
        } else if (chance < 87) {
            int version = 1 + world.random.nextInt(2);
            return Command.of(
                    "move" + of + " to " + version,
                    "select * from pgflow.move_run(?::uuid, ?::int, " + BY + ")",
                    run,
                    version);
        }
        return Command.of(
                "signal" + of,
                "select * from pgflow.signal_run(?::uuid, 'paid', '{\"n\": 3}', ?::text, 'ada')",
                run,
                "s" + world.random.nextInt(3));
    }

    private Command rule(int chance) {
        boolean resumes = world.random.nextInt(3) > 0;
        if (chance < 93) {
            return Command.of(
                    resumes ? "resume slow" : "pause slow",
                    "select * from pgflow." + (resumes ? "resume" : "pause") + "('queue', array['slow'], " + BY + ")");
        } else if (chance < 97) {
            String workflow = "w" + (1 + world.random.nextInt(3));
            return Command.of(
                    (resumes ? "resume " : "pause ") + workflow,
                    "select * from pgflow." + (resumes ? "resume" : "pause") + "('workflow', array[?::text], " + BY
                            + ")",
                    workflow);
        }
        Integer limit = resumes ? null : (Integer) (1 + world.random.nextInt(3));
        return Command.of(
                "limit default " + limit, "select * from pgflow.limit_queue('default', ?::int, " + BY + ")", limit);
    }

    /** What nobody else brings to its end. */
    private @Nullable Command nextToFinish() {
        for (Row rule : world.server.read(
                "select rule, scope, name from pgflow.claim_rules order by rule, scope, name limit 1")) {
            return rule.text("rule").equals("limit")
                    ? Command.of("unlimit", "select * from pgflow.limit_queue(?, null, " + BY + ")", rule.text("name"))
                    : Command.of(
                            "resume " + rule.text("name"),
                            "select * from pgflow.resume(?, array[?::text], " + BY + ")",
                            rule.text("scope"),
                            rule.text("name"));
        }
        if (!world.server.read("select from pgflow.schedules").isEmpty()) {
            return Command.of("delete schedule", "select pgflow.delete_schedule('often', " + BY + ")");
        }
        return finish();
    }

    private @Nullable Command finish() {
        for (Row asked : world.server.read(
                "select approval_id, run_id, step from pgflow.approvals where state = 'pending' order by requested_at, run_id, step limit 1")) {
            String choice = world.random.nextInt(4) > 0 ? "approve" : "reject";
            return Command.of(
                    choice + " " + world.history.run(asked.uuid("run_id")) + "/" + asked.integer("step"),
                    "select * from pgflow.decide_approval(?::uuid, null, null, ?::text, '{}', ?::text)",
                    asked.uuid("approval_id"),
                    "voter" + world.random.nextInt(4),
                    choice);
        }
        return null;
    }
}
