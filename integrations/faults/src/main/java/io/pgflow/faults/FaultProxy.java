package io.pgflow.faults;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How does my application behave when the network fails? It connects to this port of the loopback address instead of the server's, and
 * everything goes through until told otherwise. What is said holds for all connections, those that are open and those to come.
 *
 * <p>Forwards in pieces of seeded random size. Each connection has two daemon threads; {@link #close()} ends them all.
 */
public final class FaultProxy implements AutoCloseable {

    private final ServerSocket server;
    private final SocketAddress target;
    private final Gate gate;
    private final Set<Link> links = ConcurrentHashMap.newKeySet();

    private FaultProxy(ServerSocket server, SocketAddress target, long seed) {
        this.server = server;
        this.target = target;
        this.gate = new Gate(seed);
    }

    /** Listens on a free port of the loopback address, for a server of that port there. */
    public static FaultProxy to(int port, long seed) {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        try {
            FaultProxy proxy =
                    new FaultProxy(new ServerSocket(0, 50, loopback), new InetSocketAddress(loopback, port), seed);
            daemon(proxy::accept);
            return proxy;
        } catch (IOException e) {
            throw new UncheckedIOException("no port of the loopback address can be had", e);
        }
    }

    /** Where to connect to. */
    public int port() {
        return server.getLocalPort();
    }

    /** How many connections are open. */
    public int connections() {
        return links.size();
    }

    /** Everything gets through again. Connections of which bytes were lost are reset. */
    public void pass() {
        change(new LinkMode.Pass());
    }

    /** Every piece of every connection waits, for the least time and a random part of the spread. */
    public void delay(Duration least, Duration spread) {
        change(new LinkMode.Delay(least, spread));
    }

    /** So many bytes a second get through, in each direction of each connection. */
    public void slow(int bytesPerSecond) {
        if (bytesPerSecond < 1) {
            throw new IllegalArgumentException(
                    "at least 1 byte a second, not " + bytesPerSecond + "; stall() lets none through");
        }
        change(new LinkMode.Slow(bytesPerSecond));
    }

    /** Nothing gets through in either direction, as behind a broken router: nobody is told, and nothing is lost. */
    public void stall() {
        change(new LinkMode.Stall());
    }

    /** The server hears everything and its answers are lost: whoever commits now cannot know whether it did. */
    public void swallowReplies() {
        change(new LinkMode.SwallowReplies());
    }

    /** Breaks all connections at once (RST). Later ones are not affected. */
    public void reset() {
        links.forEach(Link::reset);
    }

    /** Breaks all connections, and takes no more. */
    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException("the port of the proxy cannot be given back", e);
        }
        pass();
        reset();
    }

    private void change(LinkMode next) {
        if (gate.change(next).losesBytes()) {
            links.stream().filter(link -> link.damaged).forEach(Link::reset);
        }
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                open(server.accept());
            } catch (IOException e) {
                // The proxy ends, or the client is gone already.
            }
        }
    }

    private void open(Socket client) throws IOException {
        Socket backend = new Socket();
        Link link = new Link(client, backend);
        links.add(link);
        try {
            backend.connect(target);
            client.setTcpNoDelay(true);
            backend.setTcpNoDelay(true);
        } catch (IOException e) {
            link.reset(); // as the server itself would refuse
            throw e;
        }
        if (server.isClosed()) {
            link.reset();
        }
        daemon(() -> link.forward(client, backend, false));
        daemon(() -> link.forward(backend, client, true));
    }

    private static void daemon(Runnable work) {
        Thread thread = new Thread(work, "pgflow-fault-proxy");
        thread.setDaemon(true);
        thread.start();
    }

    /** One connection through the proxy. */
    private final class Link {

        private final Socket client;
        private final Socket backend;
        private volatile boolean damaged;

        Link(Socket client, Socket backend) {
            this.client = client;
            this.backend = backend;
        }

        void forward(Socket from, Socket to, boolean replies) {
            byte[] buffer = new byte[4096];
            try (from;
                    to) {
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream();
                for (int read = next(in, buffer); read >= 0; read = next(in, buffer)) {
                    if (gate.admit(replies, read)) {
                        out.write(buffer, 0, read);
                        out.flush();
                    } else {
                        loseBytes();
                    }
                }
            } catch (IOException e) {
                // One of the two has gone; the other hears of it when its socket is closed.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                links.remove(this);
            }
        }

        private void loseBytes() {
            damaged = true;
            if (!gate.losesBytes()) { // whoever changed the mode just now may not have seen it
                reset();
            }
        }

        private int next(InputStream in, byte[] buffer) throws IOException {
            return in.read(buffer, 0, gate.pieceSize());
        }

        /** Without a word of farewell, so that both sides see a broken connection. */
        void reset() {
            for (Socket socket : new Socket[] {client, backend}) {
                try (socket) {
                    socket.setSoLinger(true, 0);
                } catch (IOException e) {
                    // It is gone.
                }
            }
            links.remove(this);
        }
    }
}
