package io.pgflow.testkit;

import static io.pgflow.dsl.FlowBuilder.after;
import static io.pgflow.testkit.Orders.ORDER;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.dsl.FlowBuilder;
import io.pgflow.executor.Run;
import io.pgflow.executor.RunFilter;
import io.pgflow.executor.Signal;
import io.pgflow.executor.StartOptions;
import io.pgflow.faults.Fault;
import io.pgflow.schedule.ScheduleOptions;
import io.pgflow.schedule.Timing;
import io.pgflow.workflow.Patience;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The engine makes each of these calls, and when it breaks, before or after it was carried out, everything comes to the same end. */
@PgflowTest
class CallTest {

    private static final StepKey<Integer> BOOK = StepKey.of("book", Integer.class);
    private static final StepKey<Integer> TURN = StepKey.of("turn", Integer.class);
    private static final StepKey<String> WORD = StepKey.of("word", String.class);
    private static final StepKey<String> PARCEL = StepKey.of("parcel", String.class);
    private static final AtomicReference<String> TOKEN = new AtomicReference<>("");

    private static final Workflow<Integer, Integer> BOOKING = FlowBuilder.workflow("booking", Integer.class)
            .transactional(BOOK, (in, connection) -> {
                try (Statement statement = connection.createStatement()) {
                    return statement.executeUpdate("insert into ledger values (1)");
                }
            })
            .returns(BOOK);
    private static final Workflow<Integer, Integer> TURNS = FlowBuilder.workflow("turns", Integer.class)
            .step(TURN, after().concurrency(1), in -> in.input())
            .returns(TURN);
    private static final Workflow<Integer, String> ASKING = FlowBuilder.workflow("asking", Integer.class)
            .awaitSignal(WORD, after(), "word")
            .returns(WORD);
    private static final Workflow<Integer, String> SENDING = FlowBuilder.workflow("sending", Integer.class)
            .deferred(
                    PARCEL, after(), Patience.within(Duration.ofDays(1)), (in, deferral) -> TOKEN.set(deferral.token()))
            .returns(PARCEL);

    /** When a worker that was killed counts as lost. */
    private static final Duration AFTER_THE_LEASE = Duration.ofMinutes(10).plusSeconds(1);

    /** What makes the engine make the call. */
    private static final Map<Call, Consumer<PgflowTestKit>> STORIES = stories();

    private static Map<Call, Consumer<PgflowTestKit>> stories() {
        var stories = new EnumMap<Call, Consumer<PgflowTestKit>>(Call.class);
        for (Call call : EnumSet.of(
                Call.START, Call.CLAIM, Call.COMPLETE, Call.FAIL, Call.SETTLE, Call.UPKEEP, Call.FIRE_TIMERS)) {
            stories.put(call, CallTest::order);
        }
        stories.put(Call.RECOVER_CLAIMS, kit -> order(kit.breakAfter(Call.CLAIM)));
        stories.put(Call.COMPLETE_IN_TRANSACTION, CallTest::book);
        stories.put(Call.COMMIT, CallTest::book);
        stories.put(Call.DEFER, kit -> send(kit, Duration.ZERO));
        stories.put(Call.ADMIT, kit -> kit.assertThat(ran(kit, TURNS)).output(1));
        stories.put(Call.FIRE_DEADLINES, CallTest::passDeadline);
        stories.put(Call.ADVANCE_SCHEDULES, CallTest::tick);
        stories.put(Call.SIGNAL, CallTest::tell);
        stories.put(Call.CANCEL, CallTest::cancel);
        return stories;
    }

    @AfterEach
    void nothing_is_wrong_with_the_tables(PgflowTestKit kit) {
        kit.verify();
    }

    /** But for handing back, which the engine does when it ends: what is not handed back then is taken over when the worker is lost. */
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "RELEASE")
    void breaks_and_is_made_good(Call call, PgflowTestKit kit) {
        kit.with(ORDER, BOOKING, TURNS, ASKING, SENDING);

        kit.breakBefore(call);
        STORIES.get(call).accept(kit);
        assertThat(kit.faults().count(Fault.FAIL_BEFORE)).isOne();

        long broken = kit.faults().count(Fault.EXECUTE_AND_FAIL);
        kit.breakAfter(call);
        STORIES.get(call).accept(kit);
        assertThat(kit.faults().count(Fault.EXECUTE_AND_FAIL)).isGreaterThan(broken);

        assertThat(kit.pgflow().executor().list(RunFilter.all())).hasSize(2);
    }

    /** The engine ends where it makes the call, before the database has heard it or without an answer, and another one goes on. */
    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"RELEASE", "START", "SIGNAL", "CANCEL"})
    void ends_its_engine_and_another_one_goes_on(Call call, PgflowTestKit kit) {
        kit.with(ORDER, BOOKING, TURNS, ASKING, SENDING);

        kit.crashBefore(call);
        assertThat(endedOnce(kit, call)).isOne();
        kit.crashAfter(call);
        assertThat(endedOnce(kit, call)).isOne();

        assertThat(kit.pgflow().executor().list(RunFilter.all())).hasSize(2);
    }

    /** How many engines ended while the story was told. */
    private static int endedOnce(PgflowTestKit kit, Call call) {
        int before = kit.crashes();
        switch (call) {
            case DEFER -> send(kit, AFTER_THE_LEASE);
            case RECOVER_CLAIMS -> ordered(kit.breakAfter(Call.CLAIM));
            case CLAIM, COMPLETE, FAIL, SETTLE, UPKEEP, FIRE_TIMERS -> ordered(kit);
            default -> STORIES.get(call).accept(kit);
        }
        return kit.crashes() - before;
    }

    private static void order(PgflowTestKit kit) {
        ordered(kit).step("charge").afterAttempts(2);
    }

    /** The attempt that fails may be lost with its engine, and not be counted. */
    private static RunAssert<String> ordered(PgflowTestKit kit) {
        kit.failOnce("charge");
        return kit.assertThat(ran(kit, ORDER)).succeeded();
    }

    private static void book(PgflowTestKit kit) {
        try (Connection connection = kit.dataSource().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("drop table if exists ledger; create table ledger (amount int)");
            kit.assertThat(ran(kit, BOOKING)).output(1);
            try (ResultSet row = statement.executeQuery("select count(*) from ledger")) {
                row.next();
                assertThat(row.getInt(1)).isOne();
            }
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    private static void send(PgflowTestKit kit, Duration later) {
        Run<String> run = kit.start(SENDING, 1);
        kit.runAll();
        kit.advance(later);
        kit.runAll();
        kit.assertThat(run).step("parcel").waitingFor("token");
        kit.pgflow().executor().deferred().complete(TOKEN.get(), "signed");
        kit.runAll();
        kit.assertThat(run).output("signed");
    }

    private static void passDeadline(PgflowTestKit kit) {
        Run<String> run = kit.start(ASKING, 1, StartOptions.none().deadline(Duration.ofDays(1)));
        kit.runToEnd(run);
        kit.assertThat(run).failed();
    }

    private static void tick(PgflowTestKit kit) {
        int before = kit.callsOf("turn");
        kit.pgflow()
                .executor()
                .schedules()
                .define("hourly", TURNS, 1, Timing.every(Duration.ofHours(1)), ScheduleOptions.none());
        kit.advance(Duration.ofHours(1));
        kit.runAll();
        assertThat(kit.callsOf("turn")).isEqualTo(before + 1);
    }

    private static void tell(PgflowTestKit kit) {
        Run<String> run = kit.start(ASKING, 1);
        kit.runAll();
        kit.pgflow().executor().signal(Signal.of(run.id(), "word").withPayload("hello"));
        kit.runAll();
        kit.assertThat(run).output("hello");
    }

    private static void cancel(PgflowTestKit kit) {
        Run<String> run = kit.start(ASKING, 1);
        kit.pgflow().executor().cancel(run.id(), "not wanted");
        kit.assertThat(run).cancelled();
    }

    private static <O> Run<O> ran(PgflowTestKit kit, Workflow<Integer, O> workflow) {
        Run<O> run = kit.start(workflow, 1);
        kit.runToEnd(run);
        return run;
    }
}
