package io.pgflow.worker;

import io.pgflow.DatabaseException;
import io.pgflow.internal.store.Outcome;
import io.pgflow.internal.store.Report;
import io.pgflow.internal.store.TaskId;
import io.pgflow.internal.store.TaskStore;
import io.pgflow.internal.upkeep.Consequences;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports how attempts ended. Each call takes what gathered while the one before was on the way: nothing waits for a batch
 * to fill, and batches are large when there is much to report.
 *
 * <p>A report is repeated until it has an answer; the fence makes that safe.
 */
final class Completer {

    /** The report on a task was refused, for a reason that the checks in this process do not know. */
    private static final String REFUSED = "PGF-DAT-008";

    private static final Logger log = LoggerFactory.getLogger(Completer.class);

    private final TaskStore store;
    private final Workplace workplace;
    private final Consequences consequences;
    private final LongSupplier workerId;
    private final FreedRoom freed;
    /** Taken and not yet answered; only the thread of the loop touches them. */
    private final Deque<Report.Completion> completions = new ArrayDeque<>();

    private final Deque<Report.Failure> failures = new ArrayDeque<>();
    private final Deque<Report.Deferred> deferrals = new ArrayDeque<>();
    private final Deque<Report.Release> releases = new ArrayDeque<>();
    private final Report.Taker sorting = new Sorting();

    Completer(Workplace workplace, Consequences consequences, LongSupplier workerId, FreedRoom freed) {
        this.store = workplace.store();
        this.workplace = workplace;
        this.consequences = consequences;
        this.workerId = workerId;
        this.freed = freed;
    }

    /** Waits for reports and sends one batch; throws what the database threw, and then has the same batch to send again. */
    void round() throws InterruptedException {
        if (completions.isEmpty() && failures.isEmpty() && deferrals.isEmpty() && releases.isEmpty()) {
            workplace.reports().take().forEach(report -> report.to(sorting));
        }
        if (!completions.isEmpty()) {
            workplace.tidings().flush(); // whoever watches gets all parts of an output before its end
        }
        send(completions, store::complete);
        send(deferrals, store::defer);
        send(failures, store::fail);
        send(releases, this::release);
    }

    /** Each kind of report where those of its kind wait. */
    private final class Sorting implements Report.Taker {

        @Override
        public void take(Report.Completion completion) {
            completions.add(completion);
        }

        @Override
        public void take(Report.Deferred deferred) {
            deferrals.add(deferred);
        }

        @Override
        public void take(Report.Failure failure) {
            failures.add(failure);
        }

        @Override
        public void take(Report.Release release) {
            releases.add(release);
        }

        @Override
        public void take(Report.Committed committed) {
            workplace.reuse().succeeded(List.of(committed.task()));
            freed.ended(workplace.forget(committed.task()));
            consequences.follow(committed.outcome());
            freed.tell();
        }
    }

    private Outcome release(long worker, List<Report.Release> reports) {
        Outcome released =
                store.release(worker, reports.stream().map(Report::task).toList());
        reports.forEach(report -> consequences.follow(report.perhaps()));
        return released;
    }

    /** True when every attempt that ended has been reported. */
    boolean isDone() {
        return workplace.running().size() == 0;
    }

    private <R extends Report> void send(Deque<R> reports, Call<R> call) {
        if (reports.isEmpty()) {
            return;
        }
        try {
            send(List.copyOf(reports), call);
            reports.clear();
        } catch (RuntimeException e) {
            throwIfPassing(e);
            log.debug("a batch is sent one by one, since together it met: {}", e.getMessage());
            sendOneByOne(reports, call);
        }
    }

    private <R extends Report> void send(List<R> reports, Call<R> call) {
        Outcome outcome = call.send(workerId.getAsLong(), reports);
        if (workplace.reuse().awaitsOutputs()) {
            workplace.reuse().succeeded(succeeded(reports, outcome));
        }
        for (int i = 0; i < reports.size(); i++) {
            if (outcome.stale().contains(i)) {
                log.info(
                        "too late: the report on {} changed nothing",
                        reports.get(i).task());
            }
            freed.ended(workplace.forget(reports.get(i).task()));
        }
        consequences.follow(outcome);
        freed.tell();
    }

    private static List<TaskId> succeeded(List<? extends Report> reports, Outcome outcome) {
        return IntStream.range(0, reports.size())
                .filter(i -> reports.get(i) instanceof Report.Completion
                        && !outcome.stale().contains(i))
                .mapToObj(i -> reports.get(i).task())
                .toList();
    }

    /** One report that the database refuses must not hold up the others. */
    private <R extends Report> void sendOneByOne(Deque<R> reports, Call<R> call) {
        while (!reports.isEmpty()) {
            R report = reports.element();
            try {
                send(List.of(report), call);
                reports.remove();
            } catch (RuntimeException e) {
                throwIfPassing(e);
                reports.remove();
                refused(report, e);
            }
        }
    }

    private static void throwIfPassing(RuntimeException e) {
        if (e instanceof DatabaseException database && database.isTransient()) {
            throw e;
        }
    }

    /** Something plainer is reported in its place, so that the task does not seem to run for ever. */
    private void refused(Report report, RuntimeException e) {
        log.error("the report on {} is refused", report.task(), e);
        if (report instanceof Report.Completion) {
            failures.add(plainFailure(report, "the database refused the output: " + e.getMessage(), false));
        } else if (report instanceof Report.Deferred) {
            failures.add(plainFailure(report, "the database refused to defer the task: " + e.getMessage(), true));
        } else if (report instanceof Report.Failure failure && !isPlain(failure)) {
            failures.add(plainFailure(
                    report,
                    "the handler failed, but the failure as it was reported is refused: " + e.getMessage(),
                    failure.retryable()));
        } else {
            workplace.forget(report.task());
        }
    }

    private static Report.Failure plainFailure(Report report, String message, boolean retryable) {
        return new Report.Failure(report.task(), ErrorJson.of(REFUSED, message), retryable, Optional.empty());
    }

    private static boolean isPlain(Report.Failure failure) {
        return failure.error().startsWith("{\"code\":\"" + REFUSED + "\"");
    }

    private interface Call<R extends Report> {
        Outcome send(long workerId, List<R> reports);
    }
}
