package io.pgflow.chaos;

import io.pgflow.chaos.Fault.Kind;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The page that tells of a chaos run. It names the seed, and no day and no machine. */
final class ReportPage {

    private final Findings findings;

    ReportPage(Findings findings) {
        this.findings = findings;
    }

    String text() {
        return head() + verdict() + figures() + faults() + runs() + transitions() + notReached();
    }

    private String head() {
        return """
                # Reliability report

                What a chaos run has shown. The page is written by the run itself; [reliability](reliability.md) says what it does and checks, and how
                to repeat it:

                ```
                %s
                ```

                A seed fixes the work and the order of the faults, not the moments at which they hit. PostgreSQL %s with `fsync` on, %s, 4 worker
                processes of 4 handlers each with the default settings (lease 10 s), %d processors with a load of %.1f in the last minute.

                """.formatted(
                        findings.setting.command(),
                        findings.server,
                        "JDK " + Runtime.version().feature(),
                        Runtime.getRuntime().availableProcessors(),
                        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
    }

    private String verdict() {
        return "## Violations\n\n"
                + (findings.violations().isEmpty() ? "None.\n" : list(findings.violations()))
                + (findings.vacuous().isEmpty() ? "" : "\nThe run proves little:\n\n" + list(findings.vacuous()))
                + "\n";
    }

    private String figures() {
        List<Long> recoveries = Evidence.recoveries(findings.attempts, findings.faults, false);
        List<Long> undisturbed = Evidence.recoveries(findings.attempts, findings.faults, true);
        List<Long> first = Evidence.firstCompletions(findings.attempts, findings.faults);
        Map<Kind, Integer> kinds = findings.kinds();
        return """
                ## Figures

                | figure | this run | goal |
                |---|---|---|
                | workers whose clock was an hour off, of 4 | %d | |
                | workers killed | %d | 300 in an hour |
                | crashes of the server | %d | 60 in an hour |
                | tasks that a worker ran, checked | %d | |
                | attempts that a fault met | %d | |
                | tasks lost with their worker, and run again | %d | |
                | a killed worker's task runs elsewhere, no other fault meanwhile, p50 / p99 of %d | %s / %s | p99 13 s |
                | the same, whatever else happened, such as the server being down, p50 / p99 of %d | %s / %s | |
                | the server is back: first completion by a process that worked before, p50 / p95 of %d | %s / %s | p95 3 s |
                | quiet after the last fault healed | %s | 60 s |
                | effects of handlers, and tasks that had them | %d, %d | |
                | calls of the driver that gave up after 30 s | %d | |
                | decisions of people | %d | |

                """.formatted(
                        findings.setting.clocks() ? 2 : 0,
                        kinds.getOrDefault(Kind.KILL_WORKER, 0),
                        kinds.getOrDefault(Kind.CRASH_SERVER, 0),
                        findings.tasks(),
                        findings.attemptsHit(),
                        findings.attempts.transitions().getOrDefault("lose", 0),
                        undisturbed.size(),
                        seconds(undisturbed, 0.5),
                        seconds(undisturbed, 0.99),
                        recoveries.size(),
                        seconds(recoveries, 0.5),
                        seconds(recoveries, 0.99),
                        first.size(),
                        seconds(first, 0.5),
                        seconds(first, 0.95),
                        seconds(List.of(findings.quiet), 1),
                        findings.effectsInAll,
                        findings.tasksWithEffects,
                        findings.refused,
                        findings.decided);
    }

    private String faults() {
        Map<Kind, Integer> kinds = findings.kinds();
        return "## Faults\n\n| fault | times | attempts that it met |\n|---|---|---|\n"
                + Arrays.stream(Kind.values())
                        .map(kind -> "| " + kind.sentence + " | " + kinds.getOrDefault(kind, 0) + " | "
                                + findings.attemptsHitBy(kind) + " |\n")
                        .collect(Collectors.joining())
                + "\n";
    }

    private String runs() {
        return "## Runs\n\n| work | how its acknowledged runs ended |\n|---|---|\n"
                + findings.runs.entrySet().stream()
                        .map(entry -> "| " + entry.getKey() + " | " + counts(entry.getValue()) + " |\n")
                        .collect(Collectors.joining())
                + "\n";
    }

    private String transitions() {
        return "## Transitions of tasks\n\n" + counts(new TreeMap<>(findings.attempts.transitions())) + ".\n\n";
    }

    private String notReached() {
        return "## Not reached\n\n"
                + (findings.setting.minutes() < 60
                        ? "- The goals are for 60 minutes; this run took " + number(findings.setting.minutes()) + ".\n"
                        : "")
                + (findings.setting.clocks()
                        ? ""
                        : "- No worker had a wrong clock: the program `faketime` was not installed.\n")
                + "- No 10,000-wide map, no standby, no REST node, no NATS.\n";
    }

    private static String counts(Map<String, Integer> counts) {
        return counts.entrySet().stream()
                .map(entry -> entry.getKey() + " " + entry.getValue())
                .collect(Collectors.joining(", "));
    }

    private static String list(List<String> lines) {
        return lines.stream().limit(50).map(line -> "- " + line + "\n").collect(Collectors.joining())
                + (lines.size() > 50 ? "- and " + (lines.size() - 50) + " more\n" : "");
    }

    /** The value below which that share of the times is. */
    private static String seconds(List<Long> millis, double share) {
        if (millis.isEmpty()) {
            return "-";
        }
        List<Long> sorted = millis.stream().sorted().toList();
        int index = (int) Math.ceil(share * sorted.size()) - 1;
        return String.format(Locale.ROOT, "%.1f s", sorted.get(Math.max(index, 0)) / 1000.0);
    }

    private static String number(double value) {
        return value == Math.rint(value) ? "" + (long) value : "" + value;
    }
}
