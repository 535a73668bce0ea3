package io.pgflow.npm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A version of a package, fetched by npm.
 *
 * @param name with its scope, {@code @pgflow/core}
 */
public record NpmPackage(String name, String version) {

    /** The genuine pgmq: its extension's files are an archive in this package. */
    public static final NpmPackage PGMQ = new NpmPackage("@electric-sql/pglite-pgmq", "0.0.6");

    /** What is done in a new folder before it gets its name. */
    @FunctionalInterface
    public interface Filling {
        /** Throws when something cannot be fetched. */
        void fill(Path folder) throws IOException;
    }

    /**
     * Makes a folder unless it is there. It is filled under the name of this process and then moved, so that others may do the same at
     * the same time, and nobody sees half of it.
     */
    public static void once(Path folder, Filling filling) throws IOException {
        if (Files.isDirectory(folder)) {
            return;
        }
        Path work = folder.resolveSibling(
                folder.getFileName() + "-" + ProcessHandle.current().pid());
        Files.createDirectories(work);
        filling.fill(work);
        try {
            Files.move(work, folder);
        } catch (IOException e) {
            if (!Files.isDirectory(folder)) {
                throw e;
            }
        }
    }

    /** Puts the extension's files into {@code share/postgresql/extension} of a folder. Throws when npm is not there or refuses. */
    public static void unpackPgmq(Path folder) throws IOException {
        PGMQ.unpack(folder);
        run(folder, "tar", "-xzf", "package/dist/pgmq.tar.gz");
    }

    /** Puts what it holds into {@code package} of a folder, which is made. Throws when npm is not there or does not have it. */
    public void unpack(Path folder) throws IOException {
        Files.createDirectories(folder);
        run(folder, npm(), "pack", this.toString(), "--silent");
        run(folder, "tar", "-xzf", name.replace("@", "").replace('/', '-') + "-" + version + ".tgz");
    }

    @Override
    public String toString() {
        return name + "@" + version;
    }

    private static String npm() {
        return System.getProperty("os.name").startsWith("Windows") ? "npm.cmd" : "npm";
    }

    private static void run(Path folder, String... command) throws IOException {
        Path output = folder.resolve("output.txt");
        try {
            int status = new ProcessBuilder(command)
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start()
                    .waitFor();
            if (status != 0) {
                throw new IOException(
                        String.join(" ", command) + " ended with " + status + ": " + Files.readString(output));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
