package io.pgflow.sql;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** How do I get the SQL as a file? {@code java -cp … io.pgflow.sql.PrintSchema > schema.sql}. Connects to nothing. */
public final class PrintSchema {
    private PrintSchema() {}

    /** Prints {@link PgflowSchema#script()} in UTF-8. Takes no arguments. */
    public static void main(String[] arguments) {
        new PrintStream(System.out, true, StandardCharsets.UTF_8).print(PgflowSchema.script());
    }
}
