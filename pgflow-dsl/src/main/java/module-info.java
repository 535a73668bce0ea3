/** Three ways to write a workflow: FlowBuilder, annotations, JSON. */
module io.pgflow.dsl {
    requires transitive io.pgflow.core;
    requires static transitive org.jspecify;

    exports io.pgflow.dsl;
    exports io.pgflow.dsl.annotation;
}
