package io.pgflow.examples.folder;

import io.pgflow.examples.folder.FolderFlow.Source;
import io.pgflow.workflow.NonRetryableException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/** The text files of a folder: not what is hidden, built or fetched, not links, not binary or large files. */
final class SourceTree extends SimpleFileVisitor<Path> {

    private static final Set<String> LEFT_OUT = Set.of("target", "build", "out", "node_modules");
    private static final int MOST_FILES = 10_000;
    private static final long LARGEST_FILE = 2 << 20;
    private static final int LOOKED_AT = 8_000;

    private final Path root;
    private final List<Source> files = new ArrayList<>();

    private SourceTree(Path root) {
        this.root = root;
    }

    static List<Source> files(Path root) throws IOException {
        if (!Files.isDirectory(root)) {
            throw new NonRetryableException(root + " is no folder; name one that exists");
        }
        var tree = new SourceTree(root);
        Files.walkFileTree(root, tree);
        tree.files.sort(Comparator.comparing(Source::path));
        return tree.files;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
        String name = String.valueOf(folder.getFileName());
        boolean leftOut = !folder.equals(root) && (name.startsWith(".") || LEFT_OUT.contains(name));
        return leftOut ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
        if (attributes.isRegularFile() && attributes.size() <= LARGEST_FILE && isText(file)) {
            files.add(new Source(root.relativize(file).toString(), attributes.size()));
        }
        if (files.size() > MOST_FILES) {
            throw new NonRetryableException(
                    "more than " + MOST_FILES + " text files are below " + root + "; name a smaller folder");
        }
        return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException error) {
        return FileVisitResult.CONTINUE;
    }

    private static boolean isText(Path file) throws IOException {
        if (!Files.isReadable(file)) {
            return false;
        }
        try (InputStream in = Files.newInputStream(file)) {
            for (byte b : in.readNBytes(LOOKED_AT)) {
                if (b == 0) {
                    return false;
                }
            }
            return true;
        }
    }
}
