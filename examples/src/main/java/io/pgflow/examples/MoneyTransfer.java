package io.pgflow.examples;

import static io.pgflow.dsl.FlowBuilder.after;

import io.pgflow.Pgflow;
import io.pgflow.dsl.FlowBuilder;
import io.pgflow.executor.Run;
import io.pgflow.executor.RunEndedException;
import io.pgflow.workflow.NonRetryableException;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;

/** Money leaves an account and cannot arrive at the other one: what was taken is put back, exactly once. */
public final class MoneyTransfer {

    record Transfer(String from, String to, int cents) {}

    record Booking(String account, int cents) {}

    static final StepKey<Booking> TAKE = StepKey.of("take", Booking.class);
    static final StepKey<Booking> GIVE = StepKey.of("give", Booking.class);

    static final Workflow<Transfer, Booking> TRANSFER = FlowBuilder.workflow("transfer", Transfer.class)
            .transactional(
                    TAKE,
                    (in, connection) -> book(
                            connection,
                            new Booking(in.input().from(), -in.input().cents())))
            .transactionalUndo(
                    TAKE, (taken, task, connection) -> book(connection, new Booking(taken.account(), -taken.cents())))
            .transactional(
                    GIVE,
                    after(TAKE),
                    (in, connection) -> book(
                            connection, new Booking(in.input().to(), in.input().cents())))
            .returns(GIVE);

    private MoneyTransfer() {}

    public static void main(String[] args) throws Exception {
        try (var database = ExampleDatabase.start();
                var connection = database.dataSource().getConnection();
                var statement = connection.createStatement()) {
            statement.execute("create table accounts (account text primary key, cents int)");
            statement.execute("insert into accounts values ('ada', 1000), ('bob', 0)");
            try (var pool = ExampleDatabase.pool(database.url());
                    var pgflow = Pgflow.on(database.dataSource())
                            .transactionalOn(pool)
                            .with(TRANSFER)
                            .start()) {
                transfer(pgflow, new Transfer("ada", "bob", 300));
                transfer(pgflow, new Transfer("ada", "nobody", 200));
            }
            try (var rows = statement.executeQuery("select account, cents from accounts order by account")) {
                while (rows.next()) {
                    System.out.println(rows.getString(1) + " has " + rows.getInt(2) + " cents");
                }
            }
        }
    }

    private static void transfer(Pgflow pgflow, Transfer transfer) throws InterruptedException {
        Run<Booking> run = pgflow.executor().start(TRANSFER, transfer);
        try {
            run.await(Duration.ofMinutes(1));
        } catch (RunEndedException e) {
            System.out.println("the transfer to " + transfer.to() + " failed");
            undoing(pgflow, run).await(Duration.ofMinutes(1));
            System.out.println("it is undone");
        }
    }

    /** It begins in a moment, once the run has ended. */
    private static Run<Void> undoing(Pgflow pgflow, Run<?> run) throws InterruptedException {
        Optional<Run<Void>> undo = pgflow.executor().undoOf(run.id());
        while (undo.isEmpty()) {
            Thread.sleep(10);
            undo = pgflow.executor().undoOf(run.id());
        }
        return undo.get();
    }

    private static Booking book(Connection connection, Booking booking) throws SQLException {
        try (var update = connection.prepareStatement("update accounts set cents = cents + ? where account = ?")) {
            update.setInt(1, booking.cents());
            update.setString(2, booking.account());
            if (update.executeUpdate() == 0) {
                throw new NonRetryableException("there is no account " + booking.account());
            }
            return booking;
        }
    }
}
