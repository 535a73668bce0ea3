package io.pgflow.sql.simulation;

import io.pgflow.sql.spec.Row;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Everything beyond the processes: hints that are on their way, and those who hold the tokens of deferred tasks. */
final class Outside extends Caller {
    /** What happens at a moment. */
    private record Coming(long at, Runnable what) {}

    private final List<Coming> coming = new ArrayList<>();

    Outside(World world) {
        super(world, "outside");
    }

    void later(long millis, Runnable what) {
        coming.add(new Coming(world.now() + millis, what));
    }

    /** Somebody has a token now, and will answer, or not. */
    void give(String token, Task task, String output) {
        int chance = world.random.nextInt(20);
        if (chance > 0) {
            later(world.random.nextLong(60_000), () -> answer(token, task, output, chance));
        }
    }

    private void answer(String token, Task task, String output, int chance) {
        String of = " " + world.history.run(task.run()) + "/" + task.step() + "/" + task.item() + "#" + task.fence();
        try {
            Row answer = chance < 4
                    ? call(
                                    "fail_deferred" + of,
                                    "select * from pgflow.fail_deferred(?, array['{\"message\": \"no luck\"}'::jsonb], array[?::boolean], false)",
                                    new String[] {token},
                                    chance > 1)
                            .get(0)
                    : call(
                                    "complete_deferred" + of,
                                    "select * from pgflow.complete_deferred(?, ?::jsonb[], false)",
                                    new String[] {token},
                                    new String[] {output})
                            .get(0);
            follow(answer);
            if (chance >= 4) {
                world.evidence.answered(
                        task, answer.list("outcomes", String.class).get(0));
            }
        } catch (Unanswered e) {
            later(world.random.nextLong(1_000, 5_000), () -> answer(token, task, output, chance));
        }
    }

    @Override
    public long nextAt() {
        return owes()
                ? world.now()
                : coming.stream().mapToLong(Coming::at).min().orElse(Long.MAX_VALUE);
    }

    @Override
    public void turn() {
        if (owes()) {
            followUp();
            return;
        }
        coming.stream()
                .filter(next -> next.at() <= world.now())
                .min(Comparator.comparing(Coming::at))
                .ifPresent(next -> {
                    coming.remove(next);
                    next.what().run();
                });
    }
}
