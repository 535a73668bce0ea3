package io.pgflow.testing;

import io.pgflow.sql.PgflowSchema;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A library that is newer than the one under test: a copy of its schema module in which migrations were added and changed, in a class loader
 * of its own. It migrates as the real one will, and engines of this class path know nothing of it.
 */
public final class NextRelease implements AutoCloseable {

    private static final String MIGRATIONS = "pgflow/migration";

    private final Path migrations;
    private final OwnFirst loader;

    /** Beginning as the library of today, in an empty folder. */
    public NextRelease(Path folder) {
        try {
            copyLibrary(folder);
            loader = new OwnFirst(folder.toUri().toURL());
        } catch (IOException | URISyntaxException e) {
            throw new IllegalStateException("the library cannot be copied to " + folder, e);
        }
        migrations = folder.resolve(MIGRATIONS);
    }

    /** Brings another migration, such as {@code V900__next.sql}. */
    public NextRelease adds(String file, String sql) {
        write(migrations.resolve(file), sql);
        return this;
    }

    /** Brings another text of a migration, and it is an error when it is the same. */
    public NextRelease changes(String file, UnaryOperator<String> change) {
        Path path = migrations.resolve(file);
        String before = read(path);
        String after = change.apply(before);
        if (after.equals(before)) {
            throw new IllegalArgumentException("nothing was changed in " + file);
        }
        write(path, after);
        return this;
    }

    /** Brings another text of every function, so that each is replaced. */
    public NextRelease changesAllFunctions(String remark) {
        try (Stream<Path> files = Files.list(migrations)) {
            files.filter(file -> String.valueOf(file.getFileName()).startsWith("R__"))
                    .forEach(file -> write(file, read(file) + "\n-- " + remark + "\n"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    /** As {@link PgflowSchema#migrate}. */
    public void migrate(DataSource database) {
        try {
            Class<?> schema = loader.loadClass(PgflowSchema.class.getName());
            schema.getMethod("migrate", DataSource.class).invoke(null, database);
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() throws IOException {
        loader.close();
    }

    private static void copyLibrary(Path folder) throws IOException, URISyntaxException {
        URI library = PgflowSchema.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI();
        if (Files.isDirectory(Path.of(library))) {
            copy(Path.of(library), folder);
            return;
        }
        try (FileSystem jar = FileSystems.newFileSystem(URI.create("jar:" + library), Map.of())) {
            copy(jar.getPath("/"), folder);
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        List<Path> all;
        try (Stream<Path> walk = Files.walk(from)) {
            all = walk.filter(Files::isRegularFile).toList();
        }
        for (Path file : all) {
            Path copy = to.resolve(String.valueOf(from.relativize(file)));
            Files.createDirectories(copy.getParent());
            Files.copy(file, copy);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Finds the schema module in its folder, and all else where everybody does. */
    private static final class OwnFirst extends URLClassLoader {

        static {
            registerAsParallelCapable();
        }

        OwnFirst(URL folder) {
            super(new URL[] {folder}, PgflowSchema.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith("io.pgflow.sql.")) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                return loaded == null ? findClass(name) : loaded;
            }
        }

        @Override
        public @Nullable URL getResource(String name) {
            return name.startsWith("pgflow/") ? findResource(name) : super.getResource(name);
        }

        @Override
        public Enumeration<URL> getResources(String name) throws IOException {
            return name.startsWith("pgflow/")
                    ? Collections.enumeration(Collections.list(findResources(name)))
                    : super.getResources(name);
        }
    }
}
