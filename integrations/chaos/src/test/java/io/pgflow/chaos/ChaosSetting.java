package io.pgflow.chaos;

import io.pgflow.chaos.Fault.Kind;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a chaos run was told.
 *
 * @param rate runs that start in a second
 * @param clocks whether two of the workers have a wrong one
 * @param kinds of faults; all of them unless {@code -Donly=CRASH_SERVER,KILL_WORKER} says which
 */
record ChaosSetting(double minutes, long seed, double rate, boolean clocks, Set<Kind> kinds) {

    private static final String ONLY = "only";

    static ChaosSetting ofProperties() {
        return new ChaosSetting(
                Double.parseDouble(System.getProperty("minutes", "1")),
                Long.getLong("seed", 42),
                Double.parseDouble(System.getProperty("rate", "4")),
                WrongClock.isThere(),
                kinds(System.getProperty(ONLY, "")));
    }

    private static Set<Kind> kinds(String names) {
        return names.isBlank()
                ? EnumSet.allOf(Kind.class)
                : Arrays.stream(names.split(",", -1))
                        .map(name -> Kind.valueOf(name.strip()))
                        .collect(Collectors.toCollection(() -> EnumSet.noneOf(Kind.class)));
    }

    /** How to do it again. */
    String command() {
        String only = kinds.size() == Kind.values().length
                ? ""
                : " -D" + ONLY + "=" + kinds.stream().map(Kind::name).collect(Collectors.joining(","));
        return "mvn -Pchaos verify -pl integrations/chaos -am -Dminutes=" + number(minutes) + " -Dseed=" + seed
                + " -Drate=" + number(rate) + only + " -Dreport=true";
    }

    private static String number(double value) {
        return value == Math.rint(value) ? "" + (long) value : "" + value;
    }
}
