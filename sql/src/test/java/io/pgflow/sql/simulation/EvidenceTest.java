package io.pgflow.sql.simulation;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The witness itself: what somebody does to the tables behind the processes' backs is found. */
class EvidenceTest {
    private static final long SEED = 20;
    private static final int CALLS = 500;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "delete from pgflow.runs | was acknowledged and is not there",
                "delete from pgflow.audit where transition = 4 | was acknowledged and did not succeed",
                "update pgflow.tasks set output = '\"another\"' where state = 'SUCCEEDED' | has the output \"another\" and not",
                "update pgflow.audit set fence = fence + 1000 where transition in (4, 6) | succeeded, and no handler did it",
                "update pgflow.runs set created_at = '2029-01-01', ended_at = '2031-01-01' | at once",
                "delete from ledger where ctid = (select min(ctid) from ledger) | succeeded and is not booked",
                "insert into ledger select * from ledger limit 1 | is booked 2 times",
                "insert into ledger select run_id, 99, 0, 1 from pgflow.runs limit 1 | is booked 1 times"
            })
    void a_lie_is_found(String lie, String words) {
        assertThatThrownBy(() -> Simulation.play(SEED, CALLS, lie)).hasMessageContaining(words);
    }
}
