/** The workflow model, the executor and the worker of pgflow. */
module io.pgflow.core {
    requires tools.jackson.databind;
    requires static transitive org.jspecify;

    exports io.pgflow;
    exports io.pgflow.state;
    exports io.pgflow.workflow;
}
