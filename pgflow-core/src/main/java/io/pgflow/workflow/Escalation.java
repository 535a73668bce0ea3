package io.pgflow.workflow;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Who is asked when those before did not decide in time.
 *
 * @param roles who has one of these may decide
 * @param actors these people may decide
 * @param within how long they have; for ever when empty
 */
public record Escalation(List<String> roles, List<String> actors, Optional<Duration> within) {

    public Escalation {
        roles = List.copyOf(roles);
        actors = List.copyOf(actors);
    }

    public static Escalation toRoles(String... roles) {
        return new Escalation(List.of(roles), List.of(), Optional.empty());
    }

    public static Escalation toActors(String... actors) {
        return new Escalation(List.of(), List.of(actors), Optional.empty());
    }

    public Escalation within(Duration time) {
        return new Escalation(roles, actors, Optional.of(time));
    }

    Map<String, Object> tree() {
        Map<String, Object> tree = new TreeMap<>();
        if (!roles.isEmpty()) {
            tree.put("roles", roles);
        }
        if (!actors.isEmpty()) {
            tree.put("actors", actors);
        }
        within.ifPresent(time -> tree.put("within", time.toString()));
        return tree;
    }
}
