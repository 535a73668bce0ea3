package io.pgflow.internal.signal;

/** Somebody who is told something, until closed. */
@FunctionalInterface
public interface Listening extends AutoCloseable {

    @Override
    void close();
}
