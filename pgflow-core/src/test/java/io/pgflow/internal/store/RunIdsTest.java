package io.pgflow.internal.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RunIdsTest {
    private static final Instant MIDNIGHT = Instant.parse("2026-01-01T00:00:00Z");

    @Test
    void ids_are_uuids_of_version_7_that_begin_with_the_milliseconds() {
        UUID id = RunIds.at(MIDNIGHT.plusNanos(999_999));

        assertThat(id.version()).isEqualTo(7);
        assertThat(id.variant()).isEqualTo(2);
        assertThat(id.getMostSignificantBits() >>> 16).isEqualTo(MIDNIGHT.toEpochMilli());
        assertThat(RunIds.next()).isNotEqualTo(RunIds.next());
    }

    @Test
    void ids_of_one_millisecond_sort_by_its_microseconds() {
        List<String> ids = Stream.of(0, 1, 2, 499, 500, 998, 999, 1000, 1001)
                .map(micros -> RunIds.at(MIDNIGHT.plusNanos(micros * 1000L)).toString())
                .toList();

        assertThat(ids).isSorted();
    }
}
