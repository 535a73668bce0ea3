/** The workflow model, the executor and the worker of pgflow. */
@SuppressWarnings("module") // pgflow-dsl is compiled after this module
module io.pgflow.core {
    requires java.sql;
    requires org.jooq;
    requires tools.jackson.databind;
    requires static transitive org.jspecify;

    exports io.pgflow;
    exports io.pgflow.state;
    exports io.pgflow.workflow;
    exports io.pgflow.internal.arch to
            io.pgflow.dsl;
}
