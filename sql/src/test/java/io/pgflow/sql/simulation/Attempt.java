package io.pgflow.sql.simulation;

import java.util.Random;

/**
 * What a handler does with a task, decided when it begins.
 *
 * @param handler by its name: {@code book} writes in the transaction of its completion, {@code later} leaves the answer to the outside,
 *     {@code kept} has outputs that others may use again
 * @param endsAt when it returns or throws
 * @param output as the server shows it
 */
record Attempt(Task task, String handler, long endsAt, Ending ending, String output) {
    enum Ending {
        SUCCEED,
        FAIL,
        FAIL_FOR_GOOD,
        RELEASE
    }

    static Attempt begin(Random random, long now, Task task, String step, String handler) {
        int chance = random.nextInt(100);
        Ending ending = chance < 84
                ? Ending.SUCCEED
                : chance < 95 ? Ending.FAIL : chance < 97 ? Ending.FAIL_FOR_GOOD : Ending.RELEASE;
        return new Attempt(task, handler, now + duration(random), ending, output(random, task, step));
    }

    /** Mostly short; one in fifty takes longer than some of the deadlines. */
    private static long duration(Random random) {
        int chance = random.nextInt(50);
        return chance == 0
                ? random.nextLong(30_000, 300_000)
                : chance < 14 ? random.nextLong(2_000, 60_000) : random.nextLong(1_000);
    }

    /** Says whose it is, so that an output of another attempt would be seen. Steps named l… give what maps map over. */
    private static String output(Random random, Task task, String step) {
        if (!step.startsWith("l")) {
            return "{\"n\": " + random.nextInt(10) + ", \"fence\": " + task.fence() + "}";
        }
        StringBuilder list = new StringBuilder("[");
        int items = random.nextInt(5);
        for (int i = 0; i < items; i++) {
            list.append(i == 0 ? "" : ", ").append(task.fence() * 100 + i);
        }
        return list.append(']').toString();
    }
}
