package io.pgflow.notify;

/** How is a request answered? See {@link Notifications#reply}. */
@FunctionalInterface
public interface RequestHandler {
    /**
     * Returns the reply to one request, both JSON. It may run twice for one request, when its process dies or takes longer than
     * {@link NotificationSettings#replyWithin()}. What it throws reaches the requester as {@code PGF-NTF-012} with the message.
     */
    String handle(String json) throws Exception;
}
