package io.pgflow.workflow;

/** Code that needs the transaction in which its task is completed. */
record InTransaction(TaskHandler handler) implements TaskHandler {

    @Override
    public String run(TaskInput in) throws Exception {
        return handler.run(in);
    }

    @Override
    public boolean isTransactional() {
        return true;
    }
}
