package io.pgflow.sql.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The ways in which a client starts a run: at once or later, under a key that another start may have taken, or again. */
final class Starts {
    private static final String KEY = "order";

    private final World world;
    private final Map<String, List<Long>> versions;
    private final List<UUID> started = new ArrayList<>();

    /**
     * @param versions by name of the workflow, the newest last
     */
    Starts(World world, Map<String, List<Long>> versions) {
        this.world = world;
        this.versions = versions;
    }

    boolean isEmpty() {
        return started.isEmpty();
    }

    /** One of those that were asked for lately; it may not be there, when another one stood for it. */
    UUID recent() {
        return started.get(started.size() - 1 - world.random.nextInt(Math.min(12, started.size())));
    }

    Command next() {
        List<String> names = List.copyOf(versions.keySet());
        String name = names.get(world.random.nextInt(names.size()));
        List<Long> ids = versions.get(name);
        long version = ids.get(world.random.nextInt(ids.size()));
        int chance = world.random.nextInt(10);
        if (chance < 6) {
            return plain(name, version, null);
        } else if (chance < 7) {
            return plain(name, version, KEY);
        }
        return once(name, version, List.of("unfinished", "within", "debounce").get(chance - 7));
    }

    private Command plain(String name, long version, @Nullable String key) {
        UUID run = newRun();
        boolean delayed = world.random.nextInt(6) == 0;
        return Command.of(
                        "start " + name + " " + world.history.run(run) + (key == null ? "" : " as " + key)
                                + (delayed ? " delayed" : ""),
                        "select * from pgflow.start_runs_until(array[?::uuid], array[?::bigint], array[?::jsonb], array[?::text],"
                                + " array[null::jsonb], array[?::interval], array[?::smallint], 'ada', array[?::interval])",
                        run,
                        version,
                        input(),
                        key,
                        delayed ? world.random.nextInt(300) + " seconds" : null,
                        1 + world.random.nextInt(3),
                        world.random.nextInt(8) == 0 ? "10 minutes" : null)
                .after(answer -> {
                    UUID stands = answer.get(0).list("run_ids", UUID.class).get(0);
                    world.evidence.stands(run, stands);
                    if (key != null) {
                        world.evidence.onlyOne(name + " " + key, stands);
                    }
                });
    }

    private Command once(String name, long version, String how) {
        UUID run = newRun();
        int period = 1 + world.random.nextInt(120);
        return Command.of(
                        "start " + name + " " + world.history.run(run) + " " + how,
                        "select * from pgflow.start_once(?::uuid, ?::bigint, ?::jsonb, null, 2::smallint, 'ada', ?::text, ?::text,"
                                + " ?::interval, ?::interval)",
                        run,
                        version,
                        input(),
                        how,
                        KEY,
                        period + " seconds",
                        3 * period + " seconds")
                .after(answer -> {
                    UUID stands = answer.get(0).uuid("run_id");
                    world.evidence.stands(run, stands);
                    if (how.equals("unfinished")) {
                        world.evidence.oneAtOnce(name, stands);
                    }
                });
    }

    Command again(UUID ended, String by) {
        UUID run = newRun();
        return Command.of(
                        "start again " + world.history.run(ended) + " as " + world.history.run(run),
                        "select * from pgflow.start_again(?::uuid, ?::uuid, null, " + by + ")",
                        ended,
                        run)
                .after(answer -> {
                    if (String.valueOf(answer.get(0).text("outcome")).endsWith("started")) {
                        world.evidence.stands(run, run);
                    }
                });
    }

    /** In the order of time, like those that the library makes; all of it from the seed. */
    private UUID newRun() {
        long millis = world.clock.instant().toEpochMilli();
        UUID run = new UUID(
                (millis << 16) | 0x7000 | world.random.nextInt(0x1000),
                (world.random.nextLong() & 0x3fffffffffffffffL) | 0x8000000000000000L);
        started.add(run);
        return run;
    }

    private String input() {
        StringBuilder items = new StringBuilder("[");
        int count = world.random.nextInt(6);
        for (int i = 0; i < count; i++) {
            items.append(i == 0 ? "" : ", ").append(world.random.nextInt(10));
        }
        return items.append(']').toString();
    }
}
