package io.pgflow.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds SQL that is put together from texts, where a value could become part of the statement.
 *
 * <p>In Java: a literal that begins like a statement, joined with anything but literals and constants, formatted, or replaced in. In SQL: an
 * {@code execute} of anything but a literal, or {@code format} of a literal whose places are all {@code %I} or {@code %L}.
 */
final class StringBuiltSql {
    private static final Pattern JAVA_TOKEN = Pattern.compile(
            "(?s)//[^\\n]*|/\\*.*?\\*/|\"\"\".*?(?<!\\\\)\"\"\"|\"(?:[^\"\\\\\\n]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)+'"
                    + "|[A-Za-z_$][\\w$]*(?:\\s*\\.\\s*[A-Za-z_$][\\w$]*)*|\\d[\\w.]*|\\S");
    private static final Pattern STATEMENT = Pattern.compile(
            "(?s)\\s*(select|insert into|update [\\w.\"]+ set|delete from|truncate|with [\\w.\"]+ as|create|alter|drop|grant|revoke|begin"
                    + "|do \\$|set|reset|call|lock|listen|unlisten|notify|copy|comment on|vacuum|analyze)(?![a-z]).*");
    private static final Pattern CLAUSE =
            Pattern.compile("(?s).*\\b(from|join|into|where|execute|using)\\s.*(pgflow|pgmq)\\..*");
    private static final Pattern CONSTANT = Pattern.compile("(?:\\w+\\s*\\.\\s*)?[A-Z][A-Z0-9_]*");
    private static final Pattern SQL_TOKEN =
            Pattern.compile("(?s)--[^\\n]*|/\\*.*?\\*/|'(?:[^']|'')*'|\\$\\w*\\$|[A-Za-z_][\\w.]*|\\d[\\d.]*|\\S");
    private static final Pattern PLACE = Pattern.compile("%(?:\\d+\\$)?-?\\d*(.)");

    private StringBuiltSql() {}

    /** One line for each place: what stands there. */
    static List<String> inJava(String source) {
        List<String> tokens = tokens(JAVA_TOKEN, source, "//", "/*");
        List<String> found = new ArrayList<>();
        for (int i = 0; i < tokens.size(); i++) {
            if (isStatement(tokens.get(i))) {
                look(tokens, i).ifPresent(found::add);
            }
        }
        return found;
    }

    /** One line for each place: what stands there. */
    static List<String> inSql(String source) {
        List<String> tokens = tokens(SQL_TOKEN, source, "--", "/*");
        List<String> found = new ArrayList<>();
        for (int i = 0; i + 1 < tokens.size(); i++) {
            boolean runsText = tokens.get(i).equalsIgnoreCase("execute")
                    && !List.of("function", "procedure", "on", "privilege")
                            .contains(tokens.get(i + 1).toLowerCase(Locale.ROOT));
            if (runsText && !isFixed(tokens, i + 1)) {
                found.add(shown(tokens, i, i + 3));
            }
        }
        return found;
    }

    private static Optional<String> look(List<String> tokens, int at) {
        int first = at;
        int last = at;
        boolean joined = false;
        while (first >= 2 && tokens.get(first - 1).equals("+")) {
            first -= 2;
            joined |= !isText(tokens.get(first));
            if (!isText(tokens.get(first))) {
                break;
            }
        }
        while (last + 2 < tokens.size() && tokens.get(last + 1).equals("+")) {
            last += 2;
            if (!isText(tokens.get(last)) || isCalled(tokens, last)) {
                joined = true;
                break;
            }
        }
        boolean changed = last + 1 < tokens.size()
                && tokens.get(last + 1).equals(".")
                && !List.of("strip", "equals", "length").contains(tokens.get(last + 2));
        boolean given = first >= 2
                && tokens.get(first - 1).equals("(")
                && tokens.get(first - 2).matches("(?s).*\\b(format|append|StringBuilder)");
        return joined || changed || given ? Optional.of(shown(tokens, first, last)) : Optional.empty();
    }

    private static boolean isStatement(String token) {
        return token.startsWith("\"")
                && (STATEMENT.matcher(text(token)).matches()
                        || CLAUSE.matcher(text(token)).matches());
    }

    private static String text(String literal) {
        return literal.replaceAll("^\"+|\"+$", "").toLowerCase(Locale.ROOT);
    }

    private static boolean isText(String token) {
        return token.startsWith("\"") || CONSTANT.matcher(token).matches();
    }

    private static boolean isCalled(List<String> tokens, int at) {
        return !tokens.get(at).startsWith("\"")
                && at + 1 < tokens.size()
                && tokens.get(at + 1).equals("(");
    }

    /** A literal alone, or format of a literal that quotes whatever it takes. */
    private static boolean isFixed(List<String> tokens, int at) {
        String token = tokens.get(at);
        if (token.startsWith("$")) {
            return true;
        }
        if (token.startsWith("'")) {
            return !tokens.get(at + 1).equals("|");
        }
        boolean formats = token.equals("format") || token.equals("pg_catalog.format");
        return formats
                && tokens.get(at + 1).equals("(")
                && tokens.get(at + 2).startsWith("'")
                && List.of(",", ")").contains(tokens.get(at + 3))
                && PLACE.matcher(tokens.get(at + 2)).results().allMatch(place -> "IL%".contains(place.group(1)));
    }

    private static List<String> tokens(Pattern token, String source, String... comments) {
        List<String> tokens = new ArrayList<>();
        Matcher matcher = token.matcher(source);
        while (matcher.find()) {
            if (List.of(comments).stream().noneMatch(matcher.group()::startsWith)) {
                tokens.add(matcher.group());
            }
        }
        return tokens;
    }

    private static String shown(List<String> tokens, int first, int last) {
        return String.join(" ", tokens.subList(Math.max(first, 0), Math.min(last + 1, tokens.size())))
                .replaceAll("\\s+", " ");
    }
}
