package io.pgflow.benchmarks;

import io.pgflow.benchmarks.contender.Contenders;
import io.pgflow.benchmarks.workload.Sizes;
import io.pgflow.benchmarks.workload.Workload;
import io.pgflow.benchmarks.workload.Workloads;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;

/**
 * What the command line says: names of workloads, and options as {@code name=value}.
 *
 * @param contenders in the order of the tables, ours first
 * @param url of a server that runs; empty to start one
 * @param keep the name of a copy of the results among the documents
 */
record Options(
        List<Workload> workloads,
        List<String> contenders,
        Sizes sizes,
        int rounds,
        String heap,
        int patience,
        boolean notifications,
        Optional<String> url,
        Optional<String> keep) {

    static final String USAGE = """
            usage: Benchmarks [workload ...] [option=value ...]

            jmh alone: what single pieces of Java cost, without a database
            check alone: whether a version is about as fast as it was, before it is released (at most two minutes)
            charts alone: draws what is kept in docs/performance, and writes the tables of docs/performance.md

            workloads (default: quick, which is one-step, chain, map, starts and latency; all for every one)
            %s
            options
              peers=NAMES      neighbours beside pgflow-java, of %s; all; none (default)
              rounds=N         rounds that count, after one that warms up (3)
              size=N           runs in a round, instead of what each workload has for its own
              workers=N        handlers at once, in each JVM (50)
              payload=BYTES    of an input (100)
              items=N,...      widths of maps (100,1000,10000)
              batch=N,...      tasks in a call, where SQL is driven without Java (1,10,100,1000)
              concurrency=N,.. handlers at once in a JVM, where their number is compared (1,5,20,50,100,200)
              jvms=N,...       JVMs on one database, where their number is compared (1,2,4)
              history=N,...    finished runs, where their number is compared (0,100000,500000)
              payloads=N,...   bytes, where payloads are compared (100,2000,64000)
              seconds=N        how long a transaction is held, or nothing is done (20)
              notify=on|off    whether pgflow-java uses LISTEN and NOTIFY (on)
              heap=SIZE        of each contender's JVM, as for -Xmx (1g)
              patience=N       seconds after which a contender that does not answer has failed (600)
              url=JDBC-URL     a server that runs; otherwise one is started, with fsync on
              keep=NAME        copies the results to docs/performance/NAME.json
            """;

    static final Set<String> NAMES = Set.of(
            "peers",
            "rounds",
            "size",
            "workers",
            "payload",
            "items",
            "batch",
            "concurrency",
            "jvms",
            "history",
            "payloads",
            "seconds",
            "notify",
            "heap",
            "patience",
            "url",
            "keep");

    static Options parse(String... words) {
        var names = new ArrayList<String>();
        var values = new Values();
        for (String word : String.join(" ", words).trim().split("\\s+")) {
            int equals = word.indexOf('=');
            if (equals > 0) {
                values.put(word.substring(0, equals), word.substring(equals + 1));
            } else {
                List.of(word.split(",")).stream()
                        .filter(name -> !name.isBlank())
                        .forEach(names::add);
            }
        }
        return values.options(workloads(names));
    }

    /** What was chosen that decides about every figure, by its name. */
    Map<String, String> described() {
        var described = new LinkedHashMap<String, String>();
        described.put("rounds", rounds + " after one that warms up");
        described.put("handlers at once", String.valueOf(sizes.workers()));
        described.put("bytes of an input", String.valueOf(sizes.payload()));
        described.put("memory of a JVM", heap + " at most for its heap");
        return described;
    }

    /** The text for whoever does not know what to say. */
    static String usage() {
        var lines = new StringBuilder();
        Workloads.all()
                .forEach(workload -> lines.append(String.format("  %-16s %s%n", workload.name(), workload.title())));
        return String.format(USAGE, lines, Contenders.names());
    }

    private static List<Workload> workloads(List<String> names) {
        var chosen = new LinkedHashSet<Workload>();
        for (String name : names.isEmpty() ? List.of("quick") : names) {
            switch (name) {
                case "quick" -> chosen.addAll(Workloads.quick());
                case "all" -> chosen.addAll(Workloads.all());
                default ->
                    chosen.add(Workloads.named(name)
                            .orElseThrow(() -> new InvalidOptionsException(
                                    "PGF-BEN-001",
                                    "there is no workload '" + name + "'; there are quick, all and "
                                            + String.join(
                                                    ", ",
                                                    Workloads.all().stream()
                                                            .map(Workload::name)
                                                            .toList()))));
            }
        }
        return List.copyOf(chosen);
    }

    /** The values by their options' names, and what each must be. */
    private static final class Values {
        private final Map<String, String> given = new TreeMap<>();

        void put(String name, String value) {
            if (!NAMES.contains(name)) {
                throw new InvalidOptionsException(
                        "PGF-BEN-001",
                        "there is no option '" + name + "'; there are "
                                + String.join(", ", NAMES.stream().sorted().toList()));
            }
            given.put(name, value);
        }

        Options options(List<Workload> workloads) {
            var sizes = new Sizes(
                    given.containsKey("size") ? OptionalInt.of(number("size", "1", 1)) : OptionalInt.empty(),
                    number("workers", "50", 1),
                    number("payload", "100", 0),
                    numbers("batch", "1,10,100,1000", 1),
                    numbers("jvms", "1,2,4", 1),
                    numbers("items", "100,1000,10000", 1),
                    numbers("history", "0,100000,500000", 0),
                    numbers("concurrency", "1,5,20,50,100,200", 1),
                    numbers("payloads", "100,2000,64000", 0),
                    number("seconds", "20", 1));
            return new Options(
                    workloads,
                    contenders(),
                    sizes,
                    number("rounds", "3", 1),
                    matching("heap", "1g", "[1-9][0-9]*[mg]", "a size like 512m or 1g"),
                    number("patience", "600", 10),
                    matching("notify", "on", "on|off", "on or off").equals("on"),
                    Optional.ofNullable(given.get("url")),
                    Optional.ofNullable(given.get("keep")));
        }

        private List<String> contenders() {
            String peers = given.getOrDefault("peers", "none");
            var chosen = new LinkedHashSet<>(List.of(Contenders.OURS));
            if (peers.equals("all")) {
                chosen.addAll(Contenders.names());
            } else if (!peers.equals("none")) {
                for (String name : peers.split(",")) {
                    if (!Contenders.names().contains(name)) {
                        throw new InvalidOptionsException(
                                "PGF-BEN-001", "there is no peer '" + name + "'; there are " + Contenders.names());
                    }
                    chosen.add(name);
                }
            }
            return List.copyOf(chosen);
        }

        private int number(String name, String usual, int least) {
            return numbers(name, usual, least).get(0);
        }

        private List<Integer> numbers(String name, String usual, int least) {
            var numbers = new ArrayList<Integer>();
            for (String text : given.getOrDefault(name, usual).split(",")) {
                try {
                    numbers.add(Integer.valueOf(text));
                } catch (NumberFormatException e) {
                    throw new InvalidOptionsException(
                            "PGF-BEN-002", name + " must be a whole number, but is '" + text + "'");
                }
                if (numbers.get(numbers.size() - 1) < least) {
                    throw new InvalidOptionsException(
                            "PGF-BEN-002", name + " must be at least " + least + ", but is " + text);
                }
            }
            return List.copyOf(numbers);
        }

        private String matching(String name, String usual, String pattern, String what) {
            String value = given.getOrDefault(name, usual);
            if (!value.matches(pattern)) {
                throw new InvalidOptionsException(
                        "PGF-BEN-002", name + " must be " + what + ", but is '" + value + "'");
            }
            return value;
        }
    }
}
