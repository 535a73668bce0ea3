package io.pgflow.examples.folder;

import java.util.Locale;
import java.util.Map;

/** Which language a file is in, by the end of its name. */
final class Languages {

    private static final Map<String, String> BY_EXTENSION = Map.ofEntries(
            Map.entry("c", "C"),
            Map.entry("cpp", "C++"),
            Map.entry("css", "CSS"),
            Map.entry("go", "Go"),
            Map.entry("h", "C"),
            Map.entry("html", "HTML"),
            Map.entry("java", "Java"),
            Map.entry("js", "JavaScript"),
            Map.entry("json", "JSON"),
            Map.entry("kt", "Kotlin"),
            Map.entry("md", "Markdown"),
            Map.entry("properties", "Properties"),
            Map.entry("py", "Python"),
            Map.entry("rs", "Rust"),
            Map.entry("sh", "Shell"),
            Map.entry("sql", "SQL"),
            Map.entry("svg", "SVG"),
            Map.entry("ts", "TypeScript"),
            Map.entry("txt", "Text"),
            Map.entry("xml", "XML"),
            Map.entry("yaml", "YAML"),
            Map.entry("yml", "YAML"));

    private Languages() {}

    static String of(String path) {
        String extension = path.substring(path.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        return BY_EXTENSION.getOrDefault(extension, "other");
    }
}
