package io.pgflow.dsl;

import io.pgflow.workflow.InvalidWorkflowException;
import io.pgflow.workflow.Workflow;
import io.pgflow.workflow.WorkflowDefinition;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * How does a person or a language model write a workflow? As one flat JSON document of the published schema, which
 * {@link #schema} gives. It is checked completely: every problem is reported at once, with a code, a JSON Pointer into the
 * document and, where one can be guessed, a suggestion. That list is a good answer to give back to whoever wrote it.
 */
public final class JsonFlow {

    private static final String SCHEMA = "workflow.schema.json";

    private JsonFlow() {}

    /**
     * Reads a document.
     *
     * @throws InvalidWorkflowException with every problem there is
     */
    public static Workflow<Object, Object> read(String json) {
        return Workflow.of(WorkflowDefinition.parse(json));
    }

    /** The JSON Schema (draft 2020-12) of the document, with descriptions of every field. */
    public static String schema() {
        try (InputStream in = JsonFlow.class.getResourceAsStream(SCHEMA)) {
            if (in == null) {
                throw new IllegalStateException(SCHEMA + " is missing from the jar of pgflow-dsl");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
