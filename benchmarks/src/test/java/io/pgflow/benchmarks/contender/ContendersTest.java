package io.pgflow.benchmarks.contender;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgflow.embedded.EmbeddedPostgresServer;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ContendersTest {

    private static final int RUNS = 20;

    private static EmbeddedPostgresServer server;

    private final AtomicInteger calls = new AtomicInteger();
    private final Set<Long> stamps = new ConcurrentSkipListSet<>();

    @BeforeAll
    static void start() {
        server = EmbeddedPostgresServer.start();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void db_scheduler_does_what_it_can() throws Exception {
        does_what_it_can("db-scheduler");
    }

    @Test
    void jobrunr_does_what_it_can() throws Exception {
        does_what_it_can("jobrunr");
    }

    @Test
    void dbos_does_what_it_can() throws Exception {
        does_what_it_can("dbos");
    }

    @Test
    void pgflow_sql_does_what_it_can_where_npm_is() throws Exception {
        Optional<String> missing = Contenders.missing("pgflow-sql");
        missing.ifPresent(reason -> System.err.println("PGFLOW'S OWN SQL NOT TESTED: " + reason));
        assumeTrue(missing.isEmpty(), () -> missing.orElse(""));
        does_what_it_can("pgflow-sql");
    }

    @Test
    void an_unknown_name_is_answered_with_those_there_are() {
        var database = new ContenderDatabase("jdbc:postgresql://localhost/none", "nobody", "");
        assertThatThrownBy(() -> Contenders.named("quartz", database))
                .hasMessageContaining("'quartz'")
                .hasMessageContaining("db-scheduler");
    }

    private void does_what_it_can(String name) throws Exception {
        String database = name.replace('-', '_');
        server.createDatabase(database);
        var where = new ContenderDatabase(server.jdbcUrl(database), server.user(), "");
        try (Contender contender = Contenders.named(name, where)) {
            assertThat(contender.name()).isEqualTo(name);
            assertThat(contender.described()).containsPattern("\\d+\\.\\d+");
            contender.install();
            contender.install();
            contender.open();
            for (Work work : Work.values()) {
                if (contender.can(work)) {
                    contender.enqueue(work, RUNS, 100);
                }
            }
            assertThat(contender.allDone()).isFalse();
            assertThatThrownBy(contender::check).isInstanceOf(IllegalStateException.class);
            Set<Thread> idle = Set.copyOf(Thread.getAllStackTraces().keySet());
            contender.work(4, this::called);
            starts_are_called_with_their_stamps(contender);
            await(contender);
            contender.rest();
            assertThat(calls.get() - RUNS).isEqualTo(callsOf(contender));
            contender.check();
            no_thread_works_on_at_rest(idle);
            nothing_is_asked_at_rest(database);
            works_again_after_a_rest(contender);
        }
    }

    private int callsOf(Contender contender) {
        int expected = 0;
        for (Work work : Work.values()) {
            if (contender.can(work)) {
                expected += work == Work.MAP ? RUNS + 2 : RUNS * work.steps();
            }
        }
        return expected;
    }

    private void called(long stamp) {
        calls.incrementAndGet();
        if (stamp != 0) {
            stamps.add(stamp);
        }
    }

    private void starts_are_called_with_their_stamps(Contender contender) throws Exception {
        List<Long> expected = LongStream.rangeClosed(1, RUNS).boxed().toList();
        var next = new AtomicInteger();
        Starts.inParallel(RUNS, () -> {
            contender.startOne(next.incrementAndGet());
            return null;
        });
        Awaitility.await().untilAsserted(() -> assertThat(stamps).containsExactlyElementsOf(expected));
    }

    private static void await(Contender contender) {
        Awaitility.await().until(contender::allDone);
    }

    /** Silence would prove little of who asks every few seconds: what asks is a thread, and those are gone. */
    private static void no_thread_works_on_at_rest(Set<Thread> idle) {
        Awaitility.await()
                .pollInSameThread()
                .untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
                        .filteredOn(thread -> !idle.contains(thread))
                        .filteredOn(thread -> !carriesVirtualThreads(thread))
                        .extracting(Thread::getName)
                        .isEmpty());
    }

    /**
     * The JDK starts threads of its own with the first virtual thread (carriers, pollers of sockets, a clock) and keeps
     * them; they are of no class that a program can make a thread of.
     */
    private static boolean carriesVirtualThreads(Thread thread) {
        String type = thread.getClass().getName();
        return type.startsWith("jdk.internal.") || type.equals("java.util.concurrent.DelayScheduler");
    }

    /** The pools are still filling when a test is short; a poll would come every 100 ms. */
    private static void nothing_is_asked_at_rest(String database) {
        var last = new AtomicLong();
        Awaitility.await().during(Duration.ofMillis(400)).until(() -> {
            long now = lastStatement(database);
            return last.getAndSet(now) == now;
        });
    }

    private static long lastStatement(String database) throws Exception {
        try (Connection connection = server.dataSource().getConnection();
                Statement statement = connection.createStatement();
                var row = statement.executeQuery(
                        "select coalesce(extract(epoch from max(query_start)) * 1000000, 0)::bigint from pg_stat_activity where backend_type = 'client backend' and datname = '"
                                + database + "'")) {
            row.next();
            return row.getLong(1);
        }
    }

    private void works_again_after_a_rest(Contender contender) throws Exception {
        int before = calls.get();
        contender.enqueue(Work.ONE_STEP, RUNS, 0);
        contender.work(4, this::called);
        await(contender);
        contender.rest();
        contender.check();
        assertThat(calls.get() - before).isEqualTo(RUNS);
    }
}
