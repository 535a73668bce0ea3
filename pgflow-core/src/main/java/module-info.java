/** The workflow model, the executor and the worker of pgflow. */
@SuppressWarnings({"module", "requires-automatic"
}) // pgflow-dsl is compiled after this; cron-utils has a name, but no module-info
module io.pgflow.core {
    requires transitive io.pgflow.notify;
    requires transitive java.sql;
    requires com.cronutils;
    requires org.jooq;
    requires org.slf4j;
    requires tools.jackson.databind;
    requires static transitive org.jspecify;

    exports io.pgflow;
    exports io.pgflow.approval;
    exports io.pgflow.audit;
    exports io.pgflow.cache;
    exports io.pgflow.deferred;
    exports io.pgflow.event;
    exports io.pgflow.executor;
    exports io.pgflow.flowcontrol;
    exports io.pgflow.schedule;
    exports io.pgflow.service;
    exports io.pgflow.operation;
    exports io.pgflow.progress;
    exports io.pgflow.state;
    exports io.pgflow.worker;
    exports io.pgflow.workflow;
    exports io.pgflow.internal.arch to
            io.pgflow.dsl;
}
