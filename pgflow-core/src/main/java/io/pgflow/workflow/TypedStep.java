package io.pgflow.workflow;

import io.pgflow.internal.json.Json;
import java.lang.reflect.Type;

/** A plain step's handler between the JSON of the worker and the values of the application. */
record TypedStep<I, O>(Type input, Type output, StepHandler<I, O> handler) implements TaskHandler {

    @Override
    public String run(TaskInput in) throws Exception {
        O result = handler.handle(new JsonStepInput<>(in, input, in::runInput));
        return Json.write(result, output, JsonStepInput.outputOf(in.context()));
    }
}
