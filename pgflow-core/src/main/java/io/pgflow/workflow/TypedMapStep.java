package io.pgflow.workflow;

import io.pgflow.internal.json.Json;
import java.lang.reflect.Type;

/** A map step's handler between the JSON of the worker and the values of the application. */
record TypedMapStep<I, E, O>(Type input, Type item, Type output, ItemHandler<I, E, O> handler) implements TaskHandler {

    @Override
    @SuppressWarnings({"unchecked", "NullAway"
    }) // E is what item says; an item may be null where the producer wrote null
    public String run(TaskInput in) throws Exception {
        String json = in.item().orElseThrow(() -> new IllegalStateException("a map step was run without an item"));
        E value = (E) Json.read(json, item, JsonStepInput.itemOf(in));
        O result = handler.handle(value, new JsonStepInput<>(in, input, in::runInput));
        return Json.write(result, output, JsonStepInput.outputOf(in.context()));
    }
}
