package io.pgflow.examples;

import io.pgflow.Pgflow;
import io.pgflow.dsl.JsonFlow;
import io.pgflow.workflow.InvalidWorkflowException;
import io.pgflow.workflow.RegisteredHandler;
import io.pgflow.workflow.Workflow;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A workflow that is not in the program: a JSON document, read while the program runs, whose steps name handlers that the
 * program registered. Give it another document on the command line.
 */
public final class RuntimeFlow {

    record Shipment(int kilograms, String country) {}

    private RuntimeFlow() {}

    /** One argument: a JSON document (default: {@code quote.json} beside this class). */
    public static void main(String[] args) throws Exception {
        Workflow<Object, Object> quote = JsonFlow.read(args.length > 0 ? Files.readString(Path.of(args[0])) : quote());
        System.out.println(quote.toMermaid());

        try (var database = ExampleDatabase.start();
                var pgflow = Pgflow.on(database.dataSource()).with(handlers()).start()) {
            var order = Map.of(
                    "country",
                    "PT",
                    "parcels",
                    List.of(Map.of("name", "books", "kilograms", 12), Map.of("name", "lamp", "kilograms", 3)));
            var run = pgflow.executor().start(quote, order);
            System.out.println(run.await(Duration.ofMinutes(1)));
        }

        System.out.println(refusal(quote().replace("\"parcel.price\"", "\"Parcel Price\"")
                .replace("\"over\": \"parcels\"", "\"over\": \"parcel\"")));
    }

    /** What workers offer to documents: a name, what it reads, what it gives. */
    private static RegisteredHandler[] handlers() {
        return new RegisteredHandler[] {
            RegisteredHandler.of("json.value", Object.class, Object.class, in -> in.input()),
            RegisteredHandler.of("parcel.price", Shipment.class, Integer.class, in -> price(in.input())),
            RegisteredHandler.of(
                    "number.sum",
                    Integer[].class,
                    Integer.class,
                    in -> List.of(in.input()).stream()
                            .mapToInt(Integer::intValue)
                            .sum()),
            RegisteredHandler.of(
                    "text.join",
                    Object[].class,
                    String.class,
                    in -> List.of(in.input()).stream().map(String::valueOf).reduce("", String::concat))
        };
    }

    private static int price(Shipment shipment) {
        return shipment.country().equals("PT") ? 300 + 40 * shipment.kilograms() : 900 + 110 * shipment.kilograms();
    }

    /** Everything that is wrong with a document, at once: the answer to give to whoever, or whatever, wrote it. */
    private static String refusal(String document) {
        try {
            JsonFlow.read(document);
            return "nothing is wrong";
        } catch (InvalidWorkflowException e) {
            return "another document is refused: " + e.getMessage();
        }
    }

    private static String quote() throws IOException {
        try (var in = Objects.requireNonNull(RuntimeFlow.class.getResourceAsStream("quote.json"))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
