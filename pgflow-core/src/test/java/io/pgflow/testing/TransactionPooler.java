package io.pgflow.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.awaitility.Awaitility;
import org.postgresql.ds.PGSimpleDataSource;

/** PgBouncer in transaction mode before the server of the tests; one process for each server, which ends with this JVM. */
final class TransactionPooler {

    private static final Map<Integer, Integer> PORTS = new HashMap<>();

    private TransactionPooler() {}

    /** Where the program is; empty where it is not installed. */
    static Optional<Path> program() {
        return Stream.concat(
                        Stream.of(System.getenv("PATH").split(":", -1)).map(Path::of), Stream.of(Path.of("/usr/sbin")))
                .map(folder -> folder.resolve("pgbouncer"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    static DataSource before(DataSource database) {
        var direct = (PGSimpleDataSource) database;
        var pooled = new PGSimpleDataSource();
        pooled.setServerNames(new String[] {"127.0.0.1"});
        pooled.setPortNumbers(new int[] {port(direct.getPortNumbers()[0])});
        pooled.setDatabaseName(direct.getDatabaseName());
        pooled.setUser(direct.getUser());
        pooled.setPrepareThreshold(0); // a prepared statement stays in the connection it was prepared in
        return pooled;
    }

    private static synchronized int port(int server) {
        return PORTS.computeIfAbsent(server, TransactionPooler::start);
    }

    private static int start(int server) {
        try {
            int port = freePort();
            Path folder = Files.createTempDirectory("pgflow-pooler-");
            // PgBouncer does not run as root, and whoever it runs as must be able to read this.
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
            Path settings = Files.writeString(folder.resolve("pgbouncer.ini"), """
                    [databases]
                    * = host=127.0.0.1 port=%d user=postgres
                    [pgbouncer]
                    listen_addr = 127.0.0.1
                    listen_port = %d
                    unix_socket_dir =
                    auth_type = any
                    pool_mode = transaction
                    default_pool_size = 8
                    max_client_conn = 500
                    ignore_startup_parameters = extra_float_digits
                    """.formatted(server, port));
            String user = System.getProperty("user.name").equals("root") ? "-u nobody " : "";
            String run = program().orElseThrow() + " -q " + user + settings;
            // The shell lives as long as this JVM holds its input open.
            new ProcessBuilder("sh", "-c", run + " & pooler=$!; cat > /dev/null; kill $pooler; rm -r " + folder)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            Awaitility.await("PgBouncer").atMost(Engines.PATIENCE).until(() -> answers(port));
            return port;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean answers(int port) {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
