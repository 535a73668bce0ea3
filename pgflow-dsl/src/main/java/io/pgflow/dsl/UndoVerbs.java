package io.pgflow.dsl;

import io.pgflow.workflow.Collected;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.TransactionalUndoHandler;
import io.pgflow.workflow.UndoHandler;
import java.lang.reflect.Type;
import java.util.List;
import java.util.Optional;

/**
 * What takes back what a step did, when the run fails or is cancelled? Said with the step's key, before or behind the step; the code gets
 * the step's output. Steps that succeeded are undone in the reverse order of their success, by a run of its own that begins when this one
 * has ended.
 *
 * @param <S> what the words are said to, so that more can follow
 */
public abstract sealed class UndoVerbs<S> extends OptionVerbs<S> permits FlowBuilder {

    UndoVerbs() {}

    /** Undoes a plain step, or one that runs a workflow, with as many attempts as the step has. */
    public <O> S undo(StepKey<O> key, UndoHandler<O> handler) {
        return undo(key, Optional.empty(), TaskHandler.undo(key.type(), handler));
    }

    /** The same with so many attempts, 1 to 100. */
    public <O> S undo(StepKey<O> key, int maxAttempts, UndoHandler<O> handler) {
        return undo(key, Optional.of(maxAttempts), TaskHandler.undo(key.type(), handler));
    }

    /** Undoes a map step, called for each item that succeeded, one at a time and the last one first; also when the map did not end. */
    public <E> S undoItems(StepKey<List<E>> key, UndoHandler<E> handler) {
        return undo(key, Optional.empty(), TaskHandler.undo(perItem(key), handler));
    }

    /** The same with so many attempts an item, 1 to 100. */
    public <E> S undoItems(StepKey<List<E>> key, int maxAttempts, UndoHandler<E> handler) {
        return undo(key, Optional.of(maxAttempts), TaskHandler.undo(perItem(key), handler));
    }

    /** As {@link #undoItems(StepKey, UndoHandler)}, for a map step whose items may fail. */
    public <E> S undoCollected(StepKey<Collected<E>> key, UndoHandler<E> handler) {
        return undo(key, Optional.empty(), TaskHandler.undo(perItem(key), handler));
    }

    /** As {@link #undo(StepKey, UndoHandler)}, with code whose writes are committed with it, exactly once. */
    public <O> S transactionalUndo(StepKey<O> key, TransactionalUndoHandler<O> handler) {
        return undo(key, Optional.empty(), TaskHandler.transactionalUndo(key.type(), handler));
    }

    /** As {@link #undoItems(StepKey, UndoHandler)}, with code whose writes are committed with the item, exactly once. */
    public <E> S transactionalUndoItems(StepKey<List<E>> key, TransactionalUndoHandler<E> handler) {
        return undo(key, Optional.empty(), TaskHandler.transactionalUndo(perItem(key), handler));
    }

    abstract S undo(StepKey<?> key, Optional<Integer> maxAttempts, TaskHandler handler);

    static Type perItem(StepKey<?> key) {
        return key.elementType().orElse(Object.class);
    }
}
