package io.pgflow.notify;

/** How do I stop listening? Close it. A call that runs at that moment ends by itself, no further call begins. */
public interface Subscription extends AutoCloseable {
    /** The channel that is listened to. */
    String channel();

    /** Stops; a second call does nothing. UNLISTEN follows when this was the last subscription of the channel. */
    @Override
    void close();
}
