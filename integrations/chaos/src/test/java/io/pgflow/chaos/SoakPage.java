package io.pgflow.chaos;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The page that tells of a soak. It names no day and no machine. */
record SoakPage(SoakVerdict verdict, double minutes, double rate, Duration age, String server) {

    private static final double MB = 1 << 20;
    private static final long WORTH_A_LINE = 256 * 1024;

    String text() {
        return head() + violations() + done() + figures() + course() + tables() + notReached();
    }

    private String head() {
        return """
                # Soak report

                What an engine needs that works for long. The page is written by the soak itself; [reliability](reliability.md#the-soak) says what it
                does and checks, and how to repeat it:

                ```
                mvn -Psoak verify -pl integrations/chaos -am -Dminutes=%s -Drate=%s -Dreport=true
                ```

                PostgreSQL %s, JDK %d, an engine with the default settings in a process with a heap of 128 MB, runs removed %d s after their end. What
                is measured are sizes, not speeds.

                """.formatted(
                        number(minutes), number(rate), server, Runtime.version().feature(), age.toSeconds());
    }

    private String violations() {
        return "## Violations\n\n"
                + (verdict.violations().isEmpty() ? "None.\n" : list(verdict.violations()))
                + (verdict.vacuous().isEmpty() ? "" : "\nThe soak proves little:\n\n" + list(verdict.vacuous()))
                + "\n";
    }

    private String done() {
        SoakSample.Done done = verdict.quiet().engine().done();
        return """
                ## What was done

                | | |
                |---|---|
                | runs started and awaited | %d, %d |
                | tasks that succeeded, as a subscription to the events saw them | %d |
                | subscriptions opened and closed, to events, progress and a channel | %d |
                | versions of one workflow | %d |
                | engines that came, worked and went in the same process | %d |
                | runs, tasks and entries of the audit that were left when all was quiet | %d, %d, %d |
                | rows of workers and of versions, which nothing removes | %d, %d |

                """.formatted(
                        done.started(),
                        done.awaited(),
                        done.tasks(),
                        done.subscriptions(),
                        done.versions(),
                        done.engines(),
                        verdict.quiet().rows().get("runs"),
                        verdict.quiet().rows().get("tasks"),
                        verdict.quiet().rows().get("audit"),
                        verdict.quiet().rows().get("workers"),
                        verdict.quiet().rows().get("workflows"));
    }

    private String figures() {
        List<SoakSample> before = verdict.secondQuarter();
        List<SoakSample> after = verdict.lastQuarter();
        return """
                ## What it needed

                The first %d samples are the warm-up; then the first half of the others, and the last quarter.

                | | first half | last quarter | bound | quiet |
                |---|---|---|---|---|
                | heap after a full collection, median | %s | %s | + 10 %% + 2 MB | %s |
                | threads, most | %d | %d | + %d | %d |
                | connections at the server, median (most ever %d) | %s | %s | %d in all | %d |
                | connections in use, the least in two seconds, median | %s | %s | + %d | %d |
                | loaded classes, median | %s | %s | | %d |
                | all tables with their indexes, median | %s | %s | | %s |

                The pool keeps an open connection for 20 s, and its turn comes to each of them while there is work: what is open tells less than what
                is in use.

                The heap's slope by least squares over %d samples: %s MB in an hour.

                """.formatted(
                        verdict.warmUp(),
                        mb(SoakVerdict.median(before, SoakVerdict::heapBytes)),
                        mb(SoakVerdict.median(after, SoakVerdict::heapBytes)),
                        mb(verdict.quiet().engine().heap()),
                        SoakVerdict.most(before, s -> s.engine().threads()),
                        SoakVerdict.most(after, s -> s.engine().threads()),
                        SoakVerdict.THREAD_NOISE,
                        verdict.quiet().engine().threads(),
                        SoakVerdict.most(verdict.samples(), SoakSample::connections),
                        number(SoakVerdict.median(before, SoakSample::connections)),
                        number(SoakVerdict.median(after, SoakSample::connections)),
                        SoakEngine.POOL,
                        verdict.quiet().connections(),
                        number(SoakVerdict.median(before, s -> s.engine().busy())),
                        number(SoakVerdict.median(after, s -> s.engine().busy())),
                        SoakVerdict.CONNECTION_NOISE,
                        verdict.quiet().engine().busy(),
                        number(SoakVerdict.median(before, s -> s.engine().classes())),
                        number(SoakVerdict.median(after, s -> s.engine().classes())),
                        verdict.quiet().engine().classes(),
                        mb(SoakVerdict.median(before, SoakSample::bytesInAll)),
                        mb(SoakVerdict.median(after, SoakSample::bytesInAll)),
                        mb(verdict.quiet().bytesInAll()),
                        verdict.warm().size(),
                        String.format(Locale.ROOT, "%+.2f", verdict.heapSlopeInMb()));
    }

    private String course() {
        String head = """
                ## Its course

                | s | heap | threads | connections | runs | tasks | audit | tables |
                |---|---|---|---|---|---|---|---|
                """;
        return head + verdict.samples().stream().map(SoakPage::line).collect(Collectors.joining()) + "\n";
    }

    private static String line(SoakSample sample) {
        return "| %d | %s | %d | %d | %d | %d | %d | %s |\n"
                .formatted(
                        sample.seconds(),
                        mb(sample.engine().heap()),
                        sample.engine().threads(),
                        sample.connections(),
                        sample.rows().get("runs"),
                        sample.rows().get("tasks"),
                        sample.rows().get("audit"),
                        mb(sample.bytesInAll()));
    }

    /** Those that were never large are left out, unless they grew. */
    private String tables() {
        Map<String, Long> before = verdict.afterWarmUp();
        var most = new TreeMap<String, Long>();
        verdict.samples()
                .forEach(sample -> sample.bytes().forEach((table, bytes) -> most.merge(table, bytes, Math::max)));
        return """
                ## Tables

                Each with its indexes: the greatest size of the warm-up, the greatest of all, and what was left after all runs were removed and a plain
                `vacuum`. It may be a tenth and %d pages more than after the warm-up. Those that never had %d KB are left out. What was told of the
                progress of tasks is kept for an hour; it was removed before the end by `prune_progress('0')`.

                | table | warm-up | most | vacuumed |
                |---|---|---|---|
                """.formatted(SoakVerdict.A_FEW_PAGES / 8192, WORTH_A_LINE / 1024)
                + most.entrySet().stream()
                        .filter(table -> table.getValue() >= WORTH_A_LINE)
                        .map(table -> "| %s%s | %s | %s | %s |\n"
                                .formatted(
                                        table.getKey(),
                                        SoakVerdict.FOR_GOOD.contains(table.getKey()) ? " (kept for good)" : "",
                                        mb(before.getOrDefault(table.getKey(), 0L)),
                                        mb(table.getValue()),
                                        mb(verdict.vacuumed().getOrDefault(table.getKey(), 0L))))
                        .collect(Collectors.joining())
                + "\n";
    }

    private String notReached() {
        return """
                ## Not reached

                - The goal is a slope below 1 MB in an hour over 8 hours. In %s minutes, that is less than what lives from one sample to the next.
                - One process with one engine at a time, and one that passes; no faults. No gates, undo, caches.
                - Nothing ever removes the versions of a workflow, or the row of a worker that was closed.
                """.formatted(number(minutes));
    }

    private static String list(List<String> lines) {
        return lines.stream().map(line -> "- " + line + "\n").collect(Collectors.joining());
    }

    private static String mb(double bytes) {
        return String.format(Locale.ROOT, "%.2f MB", bytes / MB);
    }

    private static String mb(long bytes) {
        return mb((double) bytes);
    }

    private static String number(double value) {
        return value == Math.rint(value) ? "" + (long) value : "" + value;
    }
}
