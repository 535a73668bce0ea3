/** LISTEN/NOTIFY and pgmq for Java: send with notify, listen, request and reply. */
@SuppressWarnings("requires-automatic") // The drivers are no modules yet.
module io.pgflow.notify {
    requires transitive java.sql;
    requires org.postgresql.jdbc;
    requires org.slf4j;
    requires static org.jspecify;
    // Optional: whoever asks for its listener brings it.
    requires static pgjdbc.ng;

    exports io.pgflow.notify;
}
