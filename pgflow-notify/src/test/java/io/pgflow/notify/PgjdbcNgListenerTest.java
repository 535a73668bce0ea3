package io.pgflow.notify;

class PgjdbcNgListenerTest extends ListenerConformance {
    @Override
    Listener.Factory factory(Db database, int port) {
        return Listener.pgjdbcNg(database.url(port), database.user(), database.password());
    }

    @Override
    Listener.Factory wrongDriver(Db database) {
        return Listener.pgjdbcNg(database.source());
    }
}
