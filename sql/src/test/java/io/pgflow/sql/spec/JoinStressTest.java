package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class JoinStressTest extends Specification {
    private static final int JOINS = 10_000;
    private static final int REPORTERS = 4;

    /** The parents are dealt out at random, so the parents of each join end in different batches of different connections. */
    @Test
    void ten_thousand_joins_with_eight_parents_that_end_concurrently_each_fire_exactly_once() {
        db.define("wide", "a, b, c, d, e, f, g, h -> join");
        long worker = db.worker();
        for (int started = 0; started < JOINS; started += 1000) {
            db.row(
                    "select * from pgflow.start_runs((select array_agg(gen_random_uuid()) from generate_series(1, 1000)),"
                            + " array_fill(1::bigint, array[1000]), array_fill('1'::jsonb, array[1000]), null, null, null, null, null)");
        }
        List<Claim> parents = new ArrayList<>();
        List<Claim> claims = db.claim(worker, 4000);
        while (!claims.isEmpty()) {
            parents.addAll(claims);
            claims = db.claim(worker, 4000);
        }
        assertThat(parents).hasSize(8 * JOINS);
        Collections.shuffle(parents, new Random(20_261_121));

        int share = parents.size() / REPORTERS;
        List<CompletableFuture<Void>> reporters = new ArrayList<>();
        for (int i = 0; i < REPORTERS; i++) {
            Session session = session();
            List<Claim> own = parents.subList(i * share, (i + 1) * share);
            reporters.add(CompletableFuture.runAsync(() -> report(session, worker, own)));
        }
        reporters.forEach(CompletableFuture::join);

        assertThat(db.count("select count(*) from pgflow.events where step = 9 and transition = 3"))
                .isEqualTo(JOINS);
        assertThat(db.count(
                        "select count(*) from pgflow.tasks where step = 9 and state = 'SCHEDULED' and remaining = 0"))
                .isEqualTo(JOINS);
        assertThat(db.count("select count(*) from pgmq.q_pgf2_default")).isEqualTo(JOINS);
    }

    private static void report(Session session, long worker, List<Claim> claims) {
        for (int from = 0; from < claims.size(); from += 250) {
            session.complete(worker, claims.subList(from, Math.min(from + 250, claims.size())), "1");
        }
    }
}
