package io.pgflow.approval;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What does a person say to a question? Actor and roles are what the application knows of the person.
 *
 * @param actor who decides
 * @param roles the roles of that person
 * @param choice one of the choices
 * @param form values for the fields of the form, by name
 * @param comment for the record
 */
public record Verdict(
        String actor, List<String> roles, String choice, Map<String, @Nullable Object> form, Optional<String> comment) {

    /**
     * Throws an IllegalArgumentException for an actor without a name, for a comment of more than 10,000 characters, and for the character
     * NUL in any of the texts.
     */
    public Verdict {
        roles = List.copyOf(roles);
        form = Collections.unmodifiableMap(new LinkedHashMap<>(form)); // which may hold nulls
        if (actor.isBlank() || actor.length() > 200) {
            throw new IllegalArgumentException("an actor has a name of 1 to 200 characters");
        }
        if (comment.filter(text -> text.length() > 10_000).isPresent()) {
            throw new IllegalArgumentException("a comment has at most 10,000 characters");
        }
        if (Stream.of(List.of(actor, choice), roles, comment.stream().toList())
                .flatMap(List::stream)
                .anyMatch(text -> text.indexOf('\u0000') >= 0)) {
            throw new IllegalArgumentException("actor, roles, choice and comment hold no \\u0000");
        }
    }

    public static Verdict of(String actor, String choice) {
        return new Verdict(actor, List.of(), choice, Map.of(), Optional.empty());
    }

    public Verdict withRoles(String... roles) {
        return new Verdict(actor, List.of(roles), choice, form, comment);
    }

    public Verdict withForm(Map<String, @Nullable Object> form) {
        return new Verdict(actor, roles, choice, form, comment);
    }

    public Verdict withComment(String comment) {
        return new Verdict(actor, roles, choice, form, Optional.of(comment));
    }
}
