/**
 * LISTEN/NOTIFY and pgmq for Java: durable messages, hints that something happened, requests and replies.
 *
 * <p>{@link io.pgflow.notify.Notifications} is the door. It promises little on purpose: a notification is a hint that may be lost,
 * doubled or late, and {@link io.pgflow.notify.NotificationHandler#caughtUp()} is called whenever one may have been lost. What must
 * not be lost is a message in a pgmq queue.
 *
 * <p>Inside, one thread ({@code ListenLoop}) owns the one LISTEN connection and alone decides the {@link io.pgflow.notify.Mode};
 * {@code Subscriptions} hands what arrives to one {@code Inbox} per subscription; {@code PollFloor} calls {@code caughtUp()} from time
 * to time in every mode; {@code Announcer} sends the coalesced notifications. Drivers differ only behind
 * {@link io.pgflow.notify.Listener}. The package uses JDBC and nothing else of pgflow.
 */
@NullMarked
package io.pgflow.notify;

import org.jspecify.annotations.NullMarked;
