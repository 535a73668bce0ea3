package io.pgflow.benchmarks.contender;

import java.util.function.LongConsumer;

/**
 * One engine on a database of its own. Its handlers do nothing but tell that they were called.
 *
 * <p>One thread calls these methods, but for {@link #startOne}, which many threads call at once. Each child process of a
 * measurement has one contender; several processes may work on the same database.
 */
public interface Contender extends AutoCloseable {

    /** Its name in the tables: {@code db-scheduler}. */
    String name();

    /** Version and settings in one line, so that a reader can judge whether it was treated fairly. */
    String described();

    /** Whether the library can do this durably; what it cannot do is shown as "no", not imitated. */
    boolean can(Work work);

    /** Creates tables and definitions; does nothing in a database that has them. */
    void install() throws Exception;

    /** Begins to be able to enqueue; nothing is worked on yet. Called once, after {@link #install}. */
    void open() throws Exception;

    /** Opens again what {@link #rest} closed and storing work needs; before times are taken. */
    default void ready() {}

    /** Stores work in bulk, the fastest way that the documentation offers, each piece with a payload of about so many bytes. */
    void enqueue(Work work, int size, int payloadBytes) throws Exception;

    /**
     * Stores one run of one step, in a durable transaction of its own, and returns when it is stored.
     *
     * @param stamp handed to its handler, which hands it to the consumer given to {@link #work}
     */
    void startOne(long stamp) throws Exception;

    /**
     * Stores one run of one step and returns as soon as the library can tell that it is done; called while this contender works.
     * Without a word of its own for that, the library is asked again and again.
     */
    default void startOneAndAwait() throws Exception {
        startOne(0);
        while (!allDone()) {
            Thread.onSpinWait();
        }
    }

    /**
     * Begins to work, up to {@code concurrency} handlers at once, and returns when it does.
     *
     * @param called called by each handler, with the stamp of {@link #startOne} or 0
     */
    void work(int concurrency, LongConsumer called) throws Exception;

    /** Whether everything that was enqueued is durably recorded as done. Cheap enough to be asked every few milliseconds. */
    boolean allDone() throws Exception;

    /** Stops to work, in good order, so that an idle contender costs the others nothing. {@link #work} may be called again. */
    void rest() throws Exception;

    /** Fails when what is stored breaks a promise; ours asks {@code verify}. */
    void check() throws Exception;

    @Override
    void close();
}
