package io.pgflow.internal.store;

/** The way in: the stores over the connections of the engine. */
public final class Stores {

    static {
        // jOOQ greets on its first statement, and only system properties stop it. A host that set them keeps its
        // choice.
        for (String greeting : new String[] {"org.jooq.no-logo", "org.jooq.no-tips"}) {
            if (System.getProperty(greeting) == null) {
                System.setProperty(greeting, "true");
            }
        }
    }

    private Stores() {}

    /** For workers and upkeep. */
    public static TaskStore tasks(EngineConnections connections) {
        return new JooqTaskStore(new Calls(connections));
    }

    /** For outputs that are used again. */
    public static CacheStore cache(EngineConnections connections) {
        return new JdbcCacheStore(new Calls(connections));
    }

    /** For what handlers tell while they work. */
    public static ProgressStore progress(EngineConnections connections) {
        return new JdbcProgressStore(new Calls(connections));
    }

    /** For schedules. */
    public static ScheduleStore schedules(EngineConnections connections) {
        return new JooqScheduleStore(new Calls(connections));
    }

    /** For looking before operations. */
    public static SurveyStore survey(EngineConnections connections) {
        return new SurveyCalls(new Calls(connections));
    }

    /** For removing old runs. */
    public static RetentionStore retention(EngineConnections connections) {
        return new RetentionCalls(new Calls(connections));
    }

    /** For operations on runs that were started. */
    public static OperationStore operations(EngineConnections connections) {
        return new OperationCalls(new Calls(connections));
    }

    /** For starting, cancelling and looking. */
    public static RunStore runs(EngineConnections connections) {
        return new JooqRunStore(new Calls(connections));
    }

    /** For answers from outside. */
    public static DeferredStore deferred(EngineConnections connections) {
        return new DeferredCalls(new Calls(connections));
    }

    /** For flow control. */
    public static FlowStore flow(EngineConnections connections) {
        return new JdbcFlowStore(new Calls(connections));
    }

    /** For questions to people. */
    public static ApprovalStore approvals(EngineConnections connections) {
        return new JdbcApprovalStore(new Calls(connections));
    }
}
