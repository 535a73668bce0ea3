package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What stands on the tables of pgmq itself holds on the genuine one too: claims take messages out of them, and put some into the archive. */
@Tag(Specification.GENUINE_PGMQ)
class GenuinePgmqSpecificationTest {

    @Nested
    class Claims extends LostWorkerTest {
        @Test
        void the_tables_are_those_of_the_genuine_one() {
            assertThat(db.texts("select column_name from information_schema.columns"
                            + " where table_schema = 'pgmq' and table_name = 'q_pgf2_default'"))
                    .contains("last_read_at", "headers");
        }
    }

    @Nested
    class Starts extends StartRunTest {}

    @Nested
    class Joins extends JoinTest {}

    @Nested
    class Skips extends SkipTest {}

    @Nested
    class Verification extends VerifyTest {}
}
