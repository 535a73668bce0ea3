package io.pgflow.sql.simulation;

import io.pgflow.sql.spec.Row;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What workers, upkeep and clients have in common: they follow up on what their calls did, as a short cut; upkeep finds what they miss. */
abstract class Caller implements Actor {
    protected final World world;
    protected final String name;
    private boolean toSettle;
    private boolean toAdmit;

    Caller(World world, String name) {
        this.world = world;
        this.name = name;
    }

    protected final List<Row> call(String what, String sql, @Nullable Object... parameters) {
        return world.server.call(name, what, sql, parameters);
    }

    /** Of an answer that may have woken queues, ended runs and left something to settle. */
    protected final void follow(Row answer) {
        if (answer.has("woken_queues")) {
            world.tell(answer);
            toAdmit |= answer.list("woken_queues", String.class).contains("$gate");
        }
        toSettle |= holds(answer, "to_settle") || (answer.has("ended_run_ids") && mayHaveParents(answer));
    }

    /** The server marks the ids of runs that a step has started. */
    private static boolean mayHaveParents(Row answer) {
        return answer.list("ended_run_ids", UUID.class).stream().anyMatch(run -> run.version() == 8);
    }

    protected final void owesSettling() {
        toSettle = true;
    }

    protected final void owesAdmitting() {
        toAdmit = true;
    }

    protected final boolean owes() {
        return toSettle || toAdmit;
    }

    /** One call of what it owes; one that has no answer is left to upkeep. */
    protected final void followUp() {
        boolean admits = toAdmit;
        if (admits) {
            toAdmit = false;
        } else {
            toSettle = false;
        }
        try {
            Row answer = admits
                    ? call("admit", "select * from pgflow.admit_tasks()").get(0)
                    : call("settle", "select * from pgflow.settle_steps(100)").get(0);
            follow(answer);
            toAdmit |= admits && holds(answer, "left_over");
            toSettle |= !admits && holds(answer, "left_over");
        } catch (Unanswered e) {
            toAdmit = false;
            toSettle = false;
        }
    }

    private static boolean holds(Row answer, String column) {
        return answer.has(column) && answer.truth(column);
    }
}
