package io.pgflow.notify;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A link that can go silent without closing, as a broken router does. It forwards in pieces of seeded random size, so that no receiver
 * can rely on whole messages.
 */
final class StallingProxy implements AutoCloseable {
    private final ServerSocket server;
    private final int target;
    private final Random random;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final Object gate = new Object();
    private boolean stalled;

    StallingProxy(int target, long seed) throws IOException {
        this.target = target;
        this.random = new Random(seed);
        this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        daemon(this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    /** From now on nothing gets through in either direction; connections stay open, and new ones are accepted into silence. */
    void stall() {
        synchronized (gate) {
            stalled = true;
        }
    }

    void heal() {
        synchronized (gate) {
            stalled = false;
            gate.notifyAll();
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        heal();
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    private void accept() {
        try {
            while (true) {
                Socket client = server.accept();
                Socket backend = new Socket(InetAddress.getLoopbackAddress(), target);
                sockets.addAll(List.of(client, backend));
                client.setTcpNoDelay(true);
                backend.setTcpNoDelay(true);
                daemon(() -> forward(client, backend));
                daemon(() -> forward(backend, client));
            }
        } catch (IOException closed) {
            // The end of the proxy.
        }
    }

    private void forward(Socket from, Socket to) {
        byte[] buffer = new byte[4096];
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int read = in.read(buffer, 0, piece()); read >= 0; read = in.read(buffer, 0, piece())) {
                passGate();
                out.write(buffer, 0, read);
                out.flush();
            }
        } catch (IOException | InterruptedException closed) {
            // The end of this connection.
        }
    }

    private int piece() {
        synchronized (random) {
            return 1 + random.nextInt(4096);
        }
    }

    private void passGate() throws InterruptedException {
        synchronized (gate) {
            while (stalled) {
                gate.wait();
            }
        }
    }

    private static void daemon(Runnable work) {
        Thread thread = new Thread(work, "stalling-proxy");
        thread.setDaemon(true);
        thread.start();
    }
}
