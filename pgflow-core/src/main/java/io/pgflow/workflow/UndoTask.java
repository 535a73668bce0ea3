package io.pgflow.workflow;

import io.pgflow.internal.json.Json;
import java.lang.reflect.Type;

/** What takes back what a step did, between the JSON of the worker and the values of the application. */
record UndoTask<O>(Type output, UndoHandler<O> handler) implements TaskHandler {

    @Override
    @SuppressWarnings({"unchecked", "NullAway"}) // O is what output says; a step may have given null
    public String run(TaskInput in) throws Exception {
        String place = "what step \"" + in.context().step() + "\" gave, read to undo it,";
        O given = (O) Json.read(InputTemplate.inputOf(in), output, place);
        handler.undo(given, in.context());
        return "null";
    }
}
