package io.pgflow.internal.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A link to a server on this machine that can go dead without closing, as a cut cable or a lost firewall state does. */
final class StallingRelay implements AutoCloseable {

    private final ServerSocket door;
    private final int target;
    private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();
    private volatile boolean stalled;

    private StallingRelay(ServerSocket door, int target) {
        this.door = door;
        this.target = target;
    }

    static StallingRelay to(int port) throws IOException {
        StallingRelay relay = new StallingRelay(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), port);
        relay.start(relay::accept);
        return relay;
    }

    int port() {
        return door.getLocalPort();
    }

    /** From now on nothing passes in either direction. */
    void stall() {
        stalled = true;
    }

    @Override
    public void close() throws IOException {
        door.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    private void accept() throws IOException {
        while (true) {
            Socket near = door.accept();
            Socket far = new Socket(InetAddress.getLoopbackAddress(), target);
            sockets.add(near);
            sockets.add(far);
            start(() -> pass(near.getInputStream(), far.getOutputStream()));
            start(() -> pass(far.getInputStream(), near.getOutputStream()));
        }
    }

    private void pass(InputStream from, OutputStream to) throws IOException {
        byte[] buffer = new byte[8192];
        for (int read = from.read(buffer); read >= 0; read = from.read(buffer)) {
            if (!stalled) {
                to.write(buffer, 0, read);
            }
        }
    }

    private void start(Loop loop) {
        Thread thread = new Thread(
                () -> {
                    try {
                        loop.run();
                    } catch (IOException e) {
                        // The test closed it.
                    }
                },
                "stalling-relay");
        thread.setDaemon(true);
        thread.start();
    }

    private interface Loop {
        void run() throws IOException;
    }
}
