package io.pgflow.workflow;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Which of the names that exist did the author mean? The nearest by typing errors, when it is near enough. */
public final class DidYouMean {

    private DidYouMean() {}

    /** The question to put at the end of a message, {@code did you mean "charge"?}. */
    public static Optional<String> question(String written, Collection<String> names) {
        return nearest(written, names).map(name -> "did you mean \"" + name + "\"?");
    }

    /** The nearest name, at most a third of its letters (and at least one) away. */
    public static Optional<String> nearest(String written, Collection<String> names) {
        return names.stream()
                .filter(name -> !name.equals(written))
                .filter(name -> distance(written, name) <= Math.max(1, Math.min(written.length(), name.length()) / 3))
                .min(Comparator.<String>comparingInt(name -> distance(written, name))
                        .thenComparing(Comparator.naturalOrder()));
    }

    /** The name that a text would be if its author had known what names look like: {@code check_out} for {@code Check-Out}. */
    public static Optional<String> name(String written) {
        String name = written.strip()
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^a-z0-9_]+", "_")
                .replaceAll("^[^a-z]+", "");
        return Optional.of(name).filter(Limits::isName).filter(found -> !found.equals(written));
    }

    /** Letters to add, remove, replace or swap with their neighbour to make one name of the other. */
    private static int distance(String a, String b) {
        int[] beforeLast = new int[b.length() + 1];
        int[] last = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            last[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] row = new int[b.length() + 1];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replace = last[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replace, Math.min(last[j], row[j - 1]) + 1);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
                }
            }
            beforeLast = last;
            last = row;
        }
        return last[b.length()];
    }
}
