package io.pgflow.sql.spec;

import io.pgflow.sql.spec.ExpectedTask.State;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A step of a random workflow, and what the tables must show of its tasks. */
final class ExpectedStep {
    enum Kind {
        WORK,
        MAP,
        QUESTION
    }

    /** What a step gives that gives no array. */
    static final int NO_ARRAY = -1;

    private static final int NO_LIMIT = Integer.MAX_VALUE;

    final int number;
    final Kind kind;
    final List<ExpectedStep> parents;
    final List<ExpectedStep> children = new ArrayList<>();
    final String onFailure;
    final int maxAttempts;
    final boolean collects;
    final boolean rejectionFails;
    final boolean hasDeadline;
    final String otherwise;
    /** Whose output its condition looks at. */
    final @Nullable ExpectedStep looksAt;

    final ExpectedTask task = new ExpectedTask();
    final List<ExpectedTask> items = new ArrayList<>();
    /** It has ended well and so have all before it, and what comes after it knows. */
    boolean isDone;

    int askedAtHour;
    /** How many elements its output has; of a question, more than none when it was approved. */
    int gave;

    private final int atOnce;
    private final @Nullable ExpectedStep over;

    ExpectedStep(Random random, List<ExpectedStep> before) {
        number = before.size() + 1;
        parents = before.isEmpty()
                ? List.of()
                : random.ints(random.nextInt(4), 0, before.size())
                        .distinct()
                        .mapToObj(before::get)
                        .toList();
        parents.forEach(parent -> parent.children.add(this));
        kind = List.of(Kind.WORK, Kind.WORK, Kind.WORK, Kind.MAP, Kind.QUESTION).get(random.nextInt(5));
        onFailure = List.of(
                        "fail",
                        "skip",
                        kind == Kind.QUESTION ? "fail" : "fallback", // people decide
                        kind == Kind.MAP ? "skip" : "skipBranch")
                .get(random.nextInt(4));
        maxAttempts = 1 + random.nextInt(3);
        collects = kind == Kind.MAP && random.nextInt(3) == 0;
        atOnce = kind == Kind.MAP && random.nextBoolean() ? 1 + random.nextInt(2) : NO_LIMIT;
        over = kind == Kind.MAP ? any(random, parents.stream().filter(ExpectedStep::givesArray)) : null;
        rejectionFails = kind == Kind.QUESTION && random.nextBoolean();
        hasDeadline = kind == Kind.QUESTION && random.nextBoolean();
        looksAt = random.nextInt(3) == 0 ? any(random, parents.stream()) : null;
        otherwise = List.of("skip", "skipBranch", "skip", "skipBranch", "fail").get(random.nextInt(5));
    }

    private static @Nullable ExpectedStep any(Random random, Stream<ExpectedStep> from) {
        List<ExpectedStep> all = from.toList();
        return all.isEmpty() ? null : all.get(random.nextInt(all.size()));
    }

    private boolean givesArray() {
        return kind != Kind.QUESTION && !collects;
    }

    /** An array of so many elements, each its own number, or something that is no array. */
    static String array(int elements) {
        return elements == NO_ARRAY
                ? "7"
                : IntStream.rangeClosed(1, elements).boxed().toList().toString();
    }

    String name() {
        return "s" + number;
    }

    String definition() {
        StringBuilder json = new StringBuilder("{\"name\": \"" + name() + "\", \"onFailure\": \"" + onFailure + "\"");
        if (kind == Kind.QUESTION) {
            json.append(", \"approval\": {\"question\": \"May it?\", \"rejectionFails\": ")
                    .append(rejectionFails)
                    .append(hasDeadline ? ", \"within\": \"PT90M\"}" : "}");
        } else {
            json.append(", \"handler\": \"h\", \"maxAttempts\": ").append(maxAttempts);
        }
        if (kind == Kind.MAP) {
            json.append(", \"over\": \"" + (over == null ? "$input" : over.name()) + "\", \"collect\": " + collects);
            json.append(atOnce == NO_LIMIT ? "" : ", \"atOnce\": " + atOnce);
        }
        if (looksAt != null) {
            json.append(", \"when\": {\"$from\": \"" + looksAt.name() + "\", ")
                    .append(
                            looksAt.kind == Kind.QUESTION
                                    ? "\"pointer\": \"/choice\", \"eq\": \"approve\"}"
                                    : "\"pointer\": \"/0\", \"exists\": true}")
                    .append(", \"otherwise\": \"" + otherwise + "\"");
        }
        json.append(onFailure.equals("fallback") ? ", \"fallback\": " + array(1) : "");
        return json
                + parents.stream()
                        .map(parent -> "\"" + parent.name() + "\"")
                        .collect(Collectors.joining(", ", ", \"after\": [", "]}"));
    }

    /** As {@link Session#states} gives it. */
    Stream<String> states() {
        return Stream.concat(
                Stream.of(name() + " " + task.state()),
                IntStream.range(0, items.size())
                        .mapToObj(i ->
                                name() + "[" + (i + 1) + "] " + items.get(i).state()));
    }

    /** The task of the step is item 0. */
    @Nullable
    ExpectedTask task(int item) {
        return item == 0 ? task : item <= items.size() ? items.get(item - 1) : null;
    }

    Stream<ExpectedTask> tasks() {
        return Stream.concat(Stream.of(task), items.stream());
    }

    /** What workers can hold. */
    Stream<ExpectedTask> workable() {
        return switch (kind) {
            case WORK -> Stream.of(task);
            case MAP -> items.stream();
            case QUESTION -> Stream.empty();
        };
    }

    boolean parentsAreDone() {
        return parents.stream().allMatch(parent -> parent.isDone);
    }

    boolean conditionHolds() {
        return looksAt == null || (looksAt.task.is(State.SUCCEEDED) && looksAt.gave > 0);
    }

    /** What a handler gets for an item of the map; null when the output of another map says it. */
    @Nullable
    String inputOfItem(int item) {
        return over == null || over.kind == Kind.WORK ? String.valueOf(item) : null;
    }

    /** What a handler gets from the steps before this one; null when others than handlers have a part in it. */
    @Nullable
    String outputsOfParents() {
        boolean areSimple = !parents.isEmpty() && parents.stream().allMatch(parent -> parent.kind == Kind.WORK);
        return areSimple
                ? parents.stream()
                        .sorted(Comparator.comparing(parent -> parent.number))
                        .map(parent -> "\"" + parent.name() + "\": " + parent.output())
                        .collect(Collectors.joining(", ", "{", "}"))
                : null;
    }

    private String output() {
        return task.is(State.SKIPPED) ? "null" : array(gave);
    }

    /** How many items it has when it opens now, {@link #NO_ARRAY} when there is no array. */
    int width(int input) {
        return over == null ? input : over.task.is(State.SKIPPED) ? 0 : over.gave;
    }

    void open(int width) {
        task.become(State.RUNNING);
        for (int i = 0; i < width; i++) {
            items.add(new ExpectedTask());
        }
        beginItems();
    }

    /** As many of its items are scheduled as may be on their way at once. */
    void beginItems() {
        long onTheirWay = items.stream()
                .filter(item -> !item.hasEnded() && !item.is(State.PENDING))
                .count();
        items.stream()
                .filter(item -> item.is(State.PENDING))
                .limit(atOnce - onTheirWay)
                .forEach(item -> item.become(State.SCHEDULED));
    }

    /** All items of the map have ended. */
    void collect() {
        task.become(State.SUCCEEDED);
        gave = collects ? NO_ARRAY : items.size();
    }

    /** An output that stands in for its own: an array of one element, which approves nothing. */
    void substitute() {
        task.become(State.SUCCEEDED);
        gave = kind == Kind.QUESTION ? 0 : 1;
    }

    /** Begins anew what ended badly; of a step that a person is about to end, not the items. */
    void restart(boolean byHand) {
        if (task.hasEndedBadly()) {
            task.restart();
            items.stream().filter(item -> item.hasEndedBadly() && !byHand).forEach(ExpectedTask::restart);
        }
    }
}
