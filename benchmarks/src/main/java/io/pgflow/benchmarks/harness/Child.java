package io.pgflow.benchmarks.harness;

import io.pgflow.benchmarks.contender.Contender;
import io.pgflow.benchmarks.contender.ContenderDatabase;
import io.pgflow.benchmarks.contender.Contenders;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The process of one contender. It reads a command a line and answers each with one line: {@code ok} and numbers, or {@code failed}
 * and why. It ends with its input, so it does not outlive who started it.
 */
public final class Child {

    private final PrintStream answers;
    private final Contender contender;
    private final Acts acts;

    private Child(PrintStream answers, Contender contender) {
        this.answers = answers;
        this.contender = contender;
        this.acts = new Acts(contender);
    }

    /** Arguments: the contender's name, and its database: address, user, password. */
    public static void main(String[] args) throws IOException {
        PrintStream answers = System.out;
        System.setOut(System.err); // what libraries print is no answer
        var database = new ContenderDatabase(args[1], args[2], args.length > 3 ? args[3] : "");
        try (Contender contender = Contenders.named(args[0], database)) {
            new Child(answers, contender).serve();
        } catch (Exception e) {
            answers.println("failed " + oneLine(e));
        } finally {
            System.exit(0); // whatever threads a library leaves
        }
    }

    private void serve() throws IOException {
        answers.println("ok");
        var commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            answers.println(answer(line.split(" ")));
        }
    }

    private String answer(String[] command) {
        try {
            if (command[0].equals("described")) {
                return "ok " + contender.described();
            }
            return "ok "
                    + acts.act(command[0], Arrays.copyOfRange(command, 1, command.length))
                            .mapToObj(String::valueOf)
                            .collect(Collectors.joining(" "));
        } catch (Exception | Error e) { // an error too is better told than died of
            e.printStackTrace();
            return "failed " + oneLine(e);
        }
    }

    private static String oneLine(Throwable problem) {
        return problem.toString().replaceAll("\\s+", " ");
    }
}
