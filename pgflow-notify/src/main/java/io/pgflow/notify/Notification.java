package io.pgflow.notify;

/** What arrived over a {@link Listener}? */
public record Notification(String channel, String payload) {}
