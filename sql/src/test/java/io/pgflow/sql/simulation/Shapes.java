package io.pgflow.sql.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Random workflows: any graph, with maps, conditions, waits, people, other workflows, limits, deadlines and undoing. */
final class Shapes {
    private final Random random;
    private final List<String> names = new ArrayList<>();
    private final List<String> steps = new ArrayList<>();

    private Shapes(Random random) {
        this.random = random;
    }

    /** Small, and the same in all seeds: what others run as a step. */
    static String leaf() {
        return "{\"name\": \"leaf\", \"steps\": [{\"name\": \"a\", \"handler\": \"work\", \"retryDelay\": \"PT2S\"},"
                + " {\"name\": \"b\", \"handler\": \"book\", \"after\": [\"a\"]}]}";
    }

    /** Two versions; the second one has a step more. */
    static List<String> workflow(Random random, String name) {
        Shapes shape = new Shapes(random);
        int steps = 1 + random.nextInt(9);
        for (int i = 1; i <= steps; i++) {
            shape.step(i);
        }
        String begin = "{\"name\": \"" + name + "\", " + (random.nextInt(6) == 0 ? "\"deadline\": \"PT20M\", " : "")
                + "\"steps\": [";
        String first = begin + String.join(", ", shape.steps) + "]}";
        shape.steps.add(
                "{\"name\": \"added\", \"handler\": \"work\", \"after\": [\"" + shape.names.get(steps - 1) + "\"]}");
        return List.of(first, begin + String.join(", ", shape.steps) + "]}");
    }

    private void step(int number) {
        int kind = random.nextInt(100);
        String list = lists();
        String name = (kind < 18 ? "l" : "s") + number;
        String body;
        boolean handled = true;
        if (kind < 60) {
            body = handler();
        } else if (kind < 75) {
            body = handler() + ", \"over\": \"" + list + "\"" + (chance(3) ? ", \"atOnce\": 2" : "");
        } else {
            handled = false;
            body = waiting(kind);
        }
        String after = parents(kind >= 60 && kind < 75 ? list : "");
        steps.add("{\"name\": \"" + name + "\", " + body + after + condition(after, handled)
                + (handled ? options(kind < 60) : "") + "}");
        names.add(name);
    }

    private boolean chance(int oneIn) {
        return random.nextInt(oneIn) == 0;
    }

    private String handler() {
        String handler =
                switch (random.nextInt(10)) {
                    case 0, 1 -> "book";
                    case 2 -> "later";
                    case 3 -> "rare";
                    case 4 -> KeptOutputs.HANDLER;
                    default -> "work";
                };
        return "\"handler\": \"" + handler + "\"" + (chance(4) ? ", \"queue\": \"slow\"" : "");
    }

    private String waiting(int kind) {
        String failure = chance(2) ? ", \"onFailure\": \"skip\"" : "";
        if (kind < 82) {
            return "\"sleep\": \"PT" + (1 + random.nextInt(400)) + "S\"";
        } else if (kind < 88) {
            return "\"signal\": \"paid\", \"within\": \"PT2M\"" + failure;
        } else if (kind < 94) {
            return "\"approval\": {\"question\": \"Go on?\", \"quorum\": " + (1 + random.nextInt(2))
                    + ", \"within\": \"PT5M\"}" + failure;
        }
        return "\"workflow\": \"leaf\", \"retryDelay\": \"PT5S\"" + failure;
    }

    /** What a map can map over: a step that gives a list, or the input, which is one. */
    private String lists() {
        List<String> lists = names.stream().filter(name -> name.startsWith("l")).toList();
        return lists.isEmpty() || chance(3) ? "$input" : lists.get(random.nextInt(lists.size()));
    }

    private String parents(String over) {
        List<String> parents = new ArrayList<>();
        if (!over.isEmpty() && !over.startsWith("$")) {
            parents.add(over);
        }
        for (int i = random.nextInt(4); i > 0 && !names.isEmpty(); i--) {
            String parent = names.get(Math.max(0, names.size() - 1 - random.nextInt(4)));
            if (!parents.contains(parent)) {
                parents.add(parent);
            }
        }
        return parents.isEmpty() ? "" : ", \"after\": [\"" + String.join("\", \"", parents) + "\"]";
    }

    private String condition(String after, boolean handled) {
        if (!handled || !chance(4) || after.isEmpty()) {
            return "";
        }
        String parent = after.substring(after.lastIndexOf(' ') + 1).replaceAll("[\\[\\]\"]", "");
        return ", \"when\": {\"$from\": \"" + parent + "\", \"pointer\": \"/n\", \"lt\": " + random.nextInt(10) + "}"
                + (chance(3) ? ", \"otherwise\": \"" + (chance(2) ? "skipBranch" : "fail") + "\"" : "");
    }

    private String options(boolean plain) {
        StringBuilder options = new StringBuilder();
        options.append(", \"maxAttempts\": ").append(1 + random.nextInt(4));
        options.append(", \"retryDelay\": \"PT").append(random.nextInt(20)).append("S\"");
        options.append(
                switch (random.nextInt(8)) {
                    case 0, 1 -> ", \"onFailure\": \"skip\"";
                    case 2 -> ", \"onFailure\": \"fallback\", \"fallback\": []";
                    default -> "";
                });
        options.append(chance(5) ? ", \"deadline\": \"PT3M\"" : "");
        options.append(chance(8) ? ", \"concurrency\": [{\"limit\": 2}]" : "");
        options.append(chance(12) ? ", \"rate\": [{\"limit\": 5, \"per\": \"PT20S\"}]" : "");
        options.append(plain && chance(6) ? ", \"undo\": {\"handler\": \"work\"}" : "");
        return options.toString();
    }
}
