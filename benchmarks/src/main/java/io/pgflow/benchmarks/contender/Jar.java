package io.pgflow.benchmarks.contender;

import java.security.CodeSource;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which version of a library is it that runs? Not every library says so itself; the name of its jar does. */
final class Jar {

    private static final Pattern VERSION = Pattern.compile("-(\\d[^/]*)\\.jar$");

    private Jar() {}

    static String versionOf(Class<?> type) {
        CodeSource source = type.getProtectionDomain().getCodeSource();
        Matcher version =
                VERSION.matcher(source == null ? "" : source.getLocation().getPath());
        return version.find() ? version.group(1) : "of unknown version";
    }
}
