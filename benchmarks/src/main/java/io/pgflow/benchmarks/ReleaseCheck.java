package io.pgflow.benchmarks;

import io.pgflow.benchmarks.workload.Workloads;
import java.util.ArrayList;
import java.util.List;

/** Is this version about as fast as the ones before, whatever machine it is measured on? */
record ReleaseCheck(Result result, List<Bound> bounds) {

    private static final String CODE = "PGF-BEN-003";

    static ReleaseCheck measured(Contest contest, Options options) {
        return new ReleaseCheck(contest.measure(Workloads.release(), options.sizes()), Bound.ALL);
    }

    /** Whether everything was measured, is correct, and is not below its bound. */
    boolean passed() {
        return result.failures().isEmpty() && bounds.stream().allMatch(bound -> bound.holds(result));
    }

    /** Every bound in a line, and what to do about those that do not hold. */
    String report() {
        var lines = new ArrayList<String>();
        bounds.forEach(bound -> lines.add(bound.line(result)));
        List<String> slow = bounds.stream()
                .filter(bound -> !bound.holds(result))
                .map(Bound::what)
                .toList();
        if (!slow.isEmpty()) {
            lines.add("[" + CODE + "] below its bound: " + String.join("; ", slow)
                    + ". Run it again on a machine that does nothing else; if it stays, measure the workload by itself, and find the"
                    + " commit");
        }
        return String.join("\n", lines);
    }
}
