package io.pgflow.notify;

import com.impossibl.postgres.jdbc.PGDataSource;

class PgjdbcListenerTest extends ListenerConformance {
    @Override
    Listener.Factory factory(Db database, int port) {
        return Listener.pgjdbc(database.at(port));
    }

    @Override
    Listener.Factory wrongDriver(Db database) {
        PGDataSource other = new PGDataSource();
        other.setDatabaseUrl(database.url(database.port()).replace("jdbc:postgresql:", "jdbc:pgsql:"));
        other.setUser(database.user());
        other.setPassword(database.password());
        return Listener.pgjdbc(other);
    }
}
