package io.pgflow.chaos;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The classes of this JVM for many short-lived ones: as jars only, which an archive asks for, and with an archive of what a process like
 * them has loaded. With it a process starts with half the work; where the JVM cannot write or use it, all goes on without.
 */
record ClassArchive(String classPath, Path file) {

    static ClassArchive in(Path folder) throws IOException {
        List<String> jars = new ArrayList<>();
        for (Path entry : entries()) {
            Path jar = folder.resolve(jars.size() + ".jar");
            jars.add((Files.isDirectory(entry) ? pack(entry, jar) : entry).toString());
        }
        return new ClassArchive(String.join(File.pathSeparator, jars), folder.resolve("classes.jsa"));
    }

    private static List<Path> entries() {
        return Pattern.compile(File.pathSeparator)
                .splitAsStream(System.getProperty("java.class.path"))
                .filter(entry -> !entry.isEmpty())
                .map(Path::of)
                .filter(Files::exists)
                .toList();
    }

    private static Path pack(Path classes, Path jar) throws IOException {
        try (FileSystem inside = FileSystems.newFileSystem(URI.create("jar:" + jar.toUri()), Map.of("create", "true"));
                Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.filter(each -> !each.equals(classes)).toList()) {
                Files.copy(file, inside.getPath(classes.relativize(file).toString()));
            }
        }
        return jar;
    }

    /** Options of the process that writes it, when it ends. */
    List<String> optionsToWrite() {
        return options("-XX:ArchiveClassesAtExit=");
    }

    /** Options of a process that uses it. */
    List<String> optionsToUse() {
        return options("-XX:SharedArchiveFile=");
    }

    private List<String> options(String option) {
        return List.of(option + file, "-Xshare:auto", "-Xlog:disable", "-cp", classPath);
    }
}
