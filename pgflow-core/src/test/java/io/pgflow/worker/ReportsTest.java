package io.pgflow.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.internal.store.Report;
import io.pgflow.internal.store.TaskId;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How much is reported in one call, and how much may wait for that. */
class ReportsTest {

    private static final String MEBIBYTE = "x".repeat(1 << 20);

    private final Reports reports = new Reports();

    @Test
    void a_call_takes_what_has_gathered_in_its_order() throws Exception {
        add(3, "1");

        assertThat(reports.take()).extracting(report -> report.task().item()).containsExactly(0, 1, 2);
    }

    @Test
    void a_call_takes_a_thousand_at_most() throws Exception {
        add(1001, "1");

        assertThat(reports.take()).hasSize(1000);
        assertThat(reports.take()).hasSize(1);
    }

    @Test
    void a_call_takes_fewer_when_they_are_large() throws Exception {
        add(10, MEBIBYTE);

        assertThat(reports.take()).hasSize(4);
        assertThat(reports.take()).hasSize(4);
        assertThat(reports.take()).hasSize(2);
    }

    @Test
    void however_large_one_is_it_is_taken() throws Exception {
        add(2, MEBIBYTE.repeat(10));

        assertThat(reports.take()).hasSize(1);
        assertThat(reports.take()).hasSize(1);
    }

    @Test
    void a_large_error_weighs_as_much_as_a_large_output() throws Exception {
        for (int i = 0; i < 5; i++) {
            reports.add(new Report.Failure(task(i), MEBIBYTE, true, Optional.empty()));
        }

        assertThat(reports.take()).hasSize(4);
    }

    @Test
    void too_many_are_too_much_until_some_were_taken() throws Exception {
        add(5000, "1");
        assertThat(reports.isFull()).isFalse();

        add(1, "1");
        assertThat(reports.isFull()).isTrue();

        reports.take();
        assertThat(reports.isFull()).isFalse();
    }

    @Test
    void a_few_that_are_large_are_too_much_until_some_were_taken() throws Exception {
        add(16, MEBIBYTE);
        assertThat(reports.isFull()).isFalse();

        add(1, "1");
        assertThat(reports.isFull()).isTrue();

        reports.take();
        assertThat(reports.isFull()).isFalse();
    }

    @Test
    void nothing_is_heavy_when_all_were_taken() throws Exception {
        for (int i = 0; i < 20; i++) {
            add(1, MEBIBYTE);
            assertThat(reports.take()).hasSize(1);
        }

        assertThat(reports.isFull()).isFalse();
    }

    @Test
    void when_closed_nobody_waits() throws Exception {
        reports.close();

        assertThat(reports.take()).isEmpty();
    }

    private void add(int count, String output) {
        List<Report> added = IntStream.range(0, count)
                .<Report>mapToObj(i -> new Report.Completion(task(i), output))
                .toList();
        added.forEach(reports::add);
    }

    private static TaskId task(int item) {
        return new TaskId(new UUID(0, 1), (short) 1, item, 1);
    }
}
