package io.pgflow.dsl.docs;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Compares the Java blocks of a Markdown text with regions of sources that the build compiles. A block is preceded by
 * {@code <!-- snippet: path#region -->}; a region stands between {@code // region name} and {@code // endregion}.
 */
final class DocSnippets {

    private static final Pattern BLOCK = Pattern.compile(
            "(?:^<!-- snippet: (\\S+)#(\\S+) -->\\s*\\n)?^ *```java[^\\n]*\\n(.*?)^ *```",
            Pattern.MULTILINE | Pattern.DOTALL);

    private final Function<String, Optional<String>> sources;

    /** With a way to get at the text of a source by its path. */
    DocSnippets(Function<String, Optional<String>> sources) {
        this.sources = sources;
    }

    /** One sentence for every block that is not, word for word, the region it names. */
    List<String> complaints(String document, String markdown) {
        List<String> complaints = new ArrayList<>();
        Matcher block = BLOCK.matcher(markdown);
        while (block.find()) {
            long line = markdown.substring(0, block.start(3)).lines().count();
            complaint(block).ifPresent(what -> complaints.add(document + ":" + line + ": " + what));
        }
        return complaints;
    }

    private Optional<String> complaint(Matcher block) {
        if (block.group(1) == null) {
            return Optional.of("put <!-- snippet: path#region --> above the java block");
        }
        Optional<String> source = sources.apply(block.group(1));
        if (source.isEmpty()) {
            return Optional.of("there is no file " + block.group(1));
        }
        Optional<String> region = region(source.get(), block.group(2));
        if (region.isEmpty()) {
            return Optional.of("there is no region " + block.group(2) + " in " + block.group(1));
        }
        String shown = withoutIndent(block.group(3));
        return shown.equals(region.get())
                ? Optional.empty()
                : Optional.of("the block differs from its region, which is\n" + region.get());
    }

    private static Optional<String> region(String source, String name) {
        List<String> lines = source.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).strip().equals("// region " + name)) {
                List<String> body = lines.subList(i + 1, lines.size()).stream()
                        .takeWhile(line -> !line.strip().equals("// endregion"))
                        .toList();
                return Optional.of(withoutIndent(String.join("\n", body) + "\n"));
            }
        }
        return Optional.empty();
    }

    private static String withoutIndent(String text) {
        List<String> lines = text.lines().map(String::stripTrailing).toList();
        int indent = lines.stream()
                .filter(line -> !line.isBlank())
                .mapToInt(line -> line.length() - line.stripLeading().length())
                .min()
                .orElse(0);
        return lines.stream()
                .map(line -> line.isBlank() ? "" : line.substring(indent))
                .collect(Collectors.joining("\n"));
    }
}
