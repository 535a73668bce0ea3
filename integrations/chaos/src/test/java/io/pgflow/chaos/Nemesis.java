package io.pgflow.chaos;

import io.pgflow.chaos.Fault.Kind;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import javax.sql.DataSource;

/**
 * Breaks something every 2 to 6 s, in an order that the seed says: first each kind once, then decks of cards, shuffled. What lasts goes on
 * while the next one comes, so that faults overlap; a worker has one at a time, the server too.
 */
final class Nemesis {

    private static final String CONNECTIONS =
            "select pid, application_name from pg_stat_activity where application_name ~ '^(w\\d+-|"
                    + ChaosDatabase.DRIVER + ")' and pid <> pg_backend_pid() order by backend_start, pid";

    private final ChaosDatabase database;
    private final DataSource direct;
    private final Crew crew;
    private final Duration lease;
    private final Random random;
    private final Set<Kind> kinds;
    private final Deque<Kind> cards = new ArrayDeque<>();
    private final List<Fault> faults = new CopyOnWriteArrayList<>();
    private final ExecutorService pending = Executors.newCachedThreadPool();

    Nemesis(ChaosDatabase database, Crew crew, Duration lease, long seed, Set<Kind> kinds) {
        this.database = database;
        this.direct = database.dataSource();
        this.crew = crew;
        this.lease = lease;
        this.random = new Random(seed);
        this.kinds = kinds;
        List<Kind> once = new ArrayList<>(kinds);
        Collections.shuffle(once, random);
        cards.addAll(once);
    }

    /** Until then; returns when everything that it broke works again. */
    List<Fault> rage(long untilNanos) throws Exception {
        while (System.nanoTime() < untilNanos) {
            Thread.sleep(2_000L + random.nextInt(4_000));
            strike(draw());
        }
        pending.shutdown();
        if (!pending.awaitTermination(2, TimeUnit.MINUTES)) {
            throw new IllegalStateException("a fault does not heal");
        }
        return List.copyOf(faults);
    }

    private Kind draw() {
        if (cards.isEmpty()) {
            List<Kind> deck = new ArrayList<>();
            for (Kind kind : kinds) {
                deck.addAll(Collections.nCopies(kind.weight, kind));
            }
            Collections.shuffle(deck, random);
            cards.addAll(deck);
        }
        return cards.remove();
    }

    /** Random numbers are drawn here, in the one thread, and before anything happens: the order is the seed's. */
    private void strike(Kind kind) throws Exception {
        int choice = random.nextInt(1 << 20);
        long time = 1_000L + random.nextInt(14_000);
        switch (kind) {
            case KILL_WORKER ->
                atPlace(kind, choice, place -> {
                    place.process().kill();
                    long killed = System.currentTimeMillis();
                    Thread.sleep(time / 10);
                    place.refill();
                    return killed;
                });
            case SUSPEND_WORKER ->
                atPlace(kind, choice, place -> {
                    place.process().suspend();
                    Thread.sleep(lease.toMillis() * 3 / 2);
                    place.process().resume();
                    return System.currentTimeMillis();
                });
            case STALL ->
                atPlace(kind, choice, place -> {
                    place.proxy().stall();
                    Thread.sleep(time);
                    place.proxy().pass();
                    return System.currentTimeMillis();
                });
            case SWALLOW_REPLIES ->
                atPlace(kind, choice, place -> {
                    place.proxy().swallowReplies();
                    Thread.sleep(time);
                    place.proxy().pass();
                    return System.currentTimeMillis();
                });
            case RESET ->
                atPlace(kind, choice, place -> {
                    place.proxy().reset();
                    return System.currentTimeMillis();
                });
            case CRASH_SERVER -> crash(time * 10 / 15);
            case TERMINATE_CONNECTION -> terminate(kind, CONNECTIONS, choice);
            case TERMINATE_ALL -> terminate(kind, CONNECTIONS, -1);
            case KILL_LISTENERS ->
                terminate(kind, CONNECTIONS.replace(" order by", " and query ilike 'listen%' order by"), -1);
            case HOLD_TRANSACTION -> pending.execute(this::hold);
        }
    }

    private interface AtPlace {
        long strike(Crew.Place place) throws IOException, InterruptedException;
    }

    /** At a worker that has no other fault; the next one when the chosen one has. */
    private void atPlace(Kind kind, int choice, AtPlace what) {
        List<Crew.Place> places = crew.places();
        Optional<Crew.Place> free = IntStream.range(0, places.size())
                .mapToObj(i -> places.get((choice + i) % places.size()))
                .filter(Crew.Place::take)
                .findFirst();
        free.ifPresent(place -> pending.execute(() -> {
            String target = kind == Kind.KILL_WORKER || kind == Kind.SUSPEND_WORKER
                    ? place.process().name()
                    : place.prefix();
            long from = System.currentTimeMillis();
            try {
                faults.add(new Fault(kind, target, from, what.strike(place)));
            } catch (IOException e) {
                throw new IllegalStateException(kind + " cannot be done to " + target, e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                place.leave();
            }
        }));
    }

    private void crash(long downFor) throws InterruptedException {
        long from = System.currentTimeMillis();
        database.crash();
        Thread.sleep(downFor);
        database.restart();
        faults.add(new Fault(Kind.CRASH_SERVER, "", from, System.currentTimeMillis()));
    }

    /** One of them, or all when the choice is negative. */
    private void terminate(Kind kind, String query, int choice) throws InterruptedException {
        long from = System.currentTimeMillis();
        for (int attempt = 1; attempt <= 3; attempt++) {
            try (Connection connection = direct.getConnection();
                    var statement = connection.createStatement()) {
                List<Session> chosen = sessions(statement, query);
                if (choice >= 0 && !chosen.isEmpty()) {
                    chosen = List.of(chosen.get(choice % chosen.size()));
                }
                for (Session each : chosen) {
                    statement.execute("select pg_terminate_backend(" + each.pid() + ")");
                }
                if (!chosen.isEmpty()) {
                    String target = choice >= 0 ? chosen.get(0).process() : "";
                    faults.add(new Fault(kind, target, from, System.currentTimeMillis()));
                }
                return;
            } catch (SQLException e) {
                Thread.sleep(500); // the server was down a moment ago, and the pool may have old connections
            }
        }
    }

    private record Session(int pid, String process) {}

    private static List<Session> sessions(Statement statement, String query) throws SQLException {
        List<Session> sessions = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery(query)) {
            while (rows.next()) {
                sessions.add(new Session(rows.getInt(1), rows.getString(2)));
            }
        }
        return sessions;
    }

    private void hold() {
        long from = System.currentTimeMillis();
        try (Connection connection = direct.getConnection();
                var statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            statement.execute("select count(*) from pgflow.runs");
            Thread.sleep(20_000);
            connection.rollback();
        } catch (SQLException e) {
            // Another fault ended it.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        faults.add(new Fault(Kind.HOLD_TRANSACTION, "", from, System.currentTimeMillis()));
    }
}
