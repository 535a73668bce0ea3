package io.pgflow.sql.simulation;

import io.pgflow.sql.spec.Row;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a client asks for, as often as it takes to get an answer, each time with the same ids.
 *
 * @param what is said in the history
 * @param before is done before each time that it is asked
 * @param after is done with the rows of the answer
 */
record Command(String what, String sql, List<@Nullable Object> parameters, Runnable before, Consumer<List<Row>> after) {
    static Command of(String what, String sql, @Nullable Object... parameters) {
        return new Command(what, sql, Arrays.asList(parameters), () -> {}, answer -> {});
    }

    Command before(Runnable before) {
        return new Command(what, sql, parameters, before, after);
    }

    Command after(Consumer<List<Row>> after) {
        return new Command(what, sql, parameters, before, after);
    }
}
