package io.pgflow.embedded;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder of a server and the mark of the JVM that owns it.
 *
 * <p>The file {@code owner} holds the pid of the JVM and when it started, so that a later process with the same number is not taken for it.
 * The pid of the server itself is the first line of {@code data/postmaster.pid}. A folder without a readable owner is left alone: it is
 * being made, or is not ours.
 */
record ServerFolder(Path root) {
    private static final Logger log = LoggerFactory.getLogger(ServerFolder.class);
    private static final String NAME = "pgflow-postgres-" + System.getProperty("user.name");
    private static final Path ON_DISK = Path.of(System.getProperty("java.io.tmpdir"), NAME);
    /** Linux mounts memory there; in a container it is often too small to be of use. */
    private static final Path MEMORY = Path.of("/dev/shm");

    private static final Path IN_MEMORY = MEMORY.resolve(NAME);
    private static final long ENOUGH_MEMORY = 4L << 30;
    private static final Object ONE_REAPER_IN_THIS_JVM = new Object();

    /** @param inMemory whether memory is preferred to the disk, where there is much of it */
    static ServerFolder create(boolean inMemory) {
        Path parent = inMemory && hasMuchMemory() ? IN_MEMORY : ON_DISK;
        try {
            Files.createDirectories(parent);
            ServerFolder folder = new ServerFolder(Files.createTempDirectory(parent, "server-"));
            folder.own();
            return folder;
        } catch (IOException e) {
            throw unusable(parent, e);
        }
    }

    private static boolean hasMuchMemory() {
        try {
            return Files.isWritable(MEMORY) && Files.getFileStore(MEMORY).getUsableSpace() >= ENOUGH_MEMORY;
        } catch (IOException e) {
            log.debug("{} is not used: {}", MEMORY, e.getMessage());
            return false;
        }
    }

    Path data() {
        return root.resolve("data");
    }

    /** Marks the folder as this JVM's, in one step: another JVM sees the whole mark or none. */
    void own() {
        try {
            Files.createDirectories(root);
            Path draft = root.resolve("owner.new");
            Files.writeString(draft, mark(ProcessHandle.current()));
            Files.move(draft, root.resolve("owner"), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw unusable(root, e);
        }
    }

    void disown() {
        try {
            Files.deleteIfExists(root.resolve("owner"));
        } catch (IOException e) {
            throw unusable(root, e);
        }
    }

    /** Stops the servers and deletes the folders of JVMs that died without closing them. */
    static void reapLeftovers() {
        synchronized (ONE_REAPER_IN_THIS_JVM) {
            Stream.of(ON_DISK, IN_MEMORY).filter(Files::isDirectory).forEach(ServerFolder::reapUnder);
        }
    }

    private static void reapUnder(Path parent) {
        try (FileChannel channel = FileChannel.open(
                        parent.resolve("reaper.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.lock();
                Stream<Path> folders = Files.list(parent)) {
            log.trace("reaping under {}", lock);
            folders.filter(Files::isDirectory).map(ServerFolder::new).forEach(ServerFolder::reap);
        } catch (IOException e) {
            throw unusable(parent, e);
        }
    }

    private void reap() {
        if (!isAbandoned()) {
            return;
        }
        log.info("removing the embedded server in {}: the JVM that started it is gone", root);
        try {
            stopLeftServer();
            delete();
        } catch (EmbeddedPostgresException e) {
            log.warn("cannot remove the left embedded server in {}; it is tried again at the next start", root, e);
        }
    }

    boolean isAbandoned() {
        Optional<String> mark = read("owner");
        if (mark.isEmpty()) {
            return false;
        }
        return pidIn(mark.get())
                .flatMap(ProcessHandle::of)
                .filter(process -> mark(process).equals(mark.get()))
                .isEmpty();
    }

    /** Ends the server that still runs on this folder, if any. The caller knows that nobody owns it any more. */
    void stopLeftServer() {
        Optional<ProcessHandle> server = read("data/postmaster.pid")
                .flatMap(ServerFolder::pidIn)
                .flatMap(ProcessHandle::of)
                .filter(ServerFolder::isPostgres);
        if (server.isEmpty()) {
            return;
        }
        ProcessHandle process = server.get();
        try {
            Path program = Path.of(process.info().command().orElseThrow());
            new ServerPrograms(program.resolveSibling("")).stop(data(), "immediate");
        } catch (EmbeddedPostgresException e) {
            log.debug("pg_ctl could not stop the server {}, killing it", process.pid(), e);
            process.destroyForcibly();
            awaitEnd(process);
        }
    }

    /** The mark goes last, so that a deletion cut short is finished by the next reaper. */
    void delete() {
        try {
            if (Files.exists(data())) {
                deleteTree(data());
            }
            deleteTree(root);
        } catch (IOException e) {
            throw unusable(root, e);
        }
    }

    private static void awaitEnd(ProcessHandle process) {
        try {
            process.onExit().get(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EmbeddedPostgresException("PGF-EMB-002", "interrupted while a left server was ending", e);
        } catch (ExecutionException | TimeoutException e) {
            // Where nobody collects ended processes, a killed one stays listed; it holds no files any more.
            log.debug("the killed server {} is still listed", process.pid(), e);
        }
    }

    private static boolean isPostgres(ProcessHandle process) {
        return process.info()
                .command()
                .map(Path::of)
                .map(program -> String.valueOf(program.getFileName()).startsWith("postgres"))
                .orElse(false);
    }

    private static String mark(ProcessHandle jvm) {
        String startedAt = jvm.info().startInstant().map(Object::toString).orElse("unknown");
        return jvm.pid() + "\n" + startedAt + "\n";
    }

    private static Optional<Long> pidIn(String text) {
        try {
            return text.lines().findFirst().map(String::strip).map(Long::valueOf);
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private Optional<String> read(String file) {
        try {
            return Optional.of(Files.readString(root.resolve(file)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw unusable(root, e);
        }
    }

    private static void deleteTree(Path top) throws IOException {
        Files.walkFileTree(top, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
                // A server that is just ending removes files of its own.
                if (failure instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw failure;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure) throws IOException {
                if (failure != null) {
                    throw failure;
                }
                Files.deleteIfExists(folder);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    static EmbeddedPostgresException unusable(Path folder, IOException cause) {
        return new EmbeddedPostgresException(
                "PGF-EMB-003", "the folder " + folder + " cannot be used; check its rights and the free space", cause);
    }

    /** Writes the settings where a restart finds them again. */
    void writeSettings(List<String> lines) {
        try {
            Path main = data().resolve("postgresql.conf");
            String include = "include_if_exists = 'pgflow.conf'";
            if (!Files.readString(main).contains(include)) {
                Files.writeString(
                        main, System.lineSeparator() + include + System.lineSeparator(), StandardOpenOption.APPEND);
            }
            Files.write(data().resolve("pgflow.conf"), lines);
        } catch (IOException e) {
            throw unusable(data(), e);
        }
    }
}
