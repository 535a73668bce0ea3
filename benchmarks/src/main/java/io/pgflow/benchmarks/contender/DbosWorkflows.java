package io.pgflow.benchmarks.contender;

import dev.dbos.transact.DBOS;
import dev.dbos.transact.StartWorkflowOptions;
import dev.dbos.transact.workflow.Workflow;
import dev.dbos.transact.workflow.WorkflowHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;

/**
 * The work as DBOS workflows. DBOS stores the result of a workflow as it stores that of a step, so a run of one step is a workflow
 * without steps, and what runs beside something else is a workflow of its own.
 */
interface DbosWorkflows {

    String ONE_STEP = "one_step";
    String CHAIN = "chain";
    String DIAMOND = "diamond";
    String MAP = "map";

    /** Where workflows wait that wait for no other. */
    String LEAVES = "leaves";
    /** Where workflows wait that will wait for leaves. */
    String PARENTS = "parents";

    void oneStep(long stamp, String payload);

    void chain(String payload);

    void diamond(String payload);

    void map(int items);

    /** Handed to DBOS, which hands out a proxy that makes calls durable. */
    final class Durable implements DbosWorkflows {
        private static final int BRANCHES = Work.DIAMOND.steps() - 2;

        private final DBOS dbos;
        private final LongConsumer called;
        private final List<DbosWorkflows> proxy = new ArrayList<>(1);

        Durable(DBOS dbos, LongConsumer called) {
            this.dbos = dbos;
            this.called = called;
        }

        /** Registers itself; the proxy is what it calls itself through. */
        DbosWorkflows register() {
            proxy.add(dbos.registerProxy(DbosWorkflows.class, this));
            return proxy.get(0);
        }

        @Override
        @Workflow(name = ONE_STEP)
        public void oneStep(long stamp, String payload) {
            called.accept(stamp);
        }

        @Override
        @Workflow(name = CHAIN)
        public void chain(String payload) {
            for (int i = 1; i <= Work.CHAIN.steps(); i++) {
                step("step_" + i);
            }
        }

        @Override
        @Workflow(name = DIAMOND)
        public void diamond(String payload) {
            step("first");
            join(IntStream.range(0, BRANCHES)
                    .mapToObj(i -> dbos.startWorkflow(() -> proxy.get(0).oneStep(0, payload)))
                    .toList());
            step("last");
        }

        @Override
        @Workflow(name = MAP)
        public void map(int items) {
            List<Integer> elements = dbos.runStep(() -> elements(items), "elements");
            var options = new StartWorkflowOptions().withQueue(LEAVES);
            join(elements.stream()
                    .map(i -> dbos.startWorkflow(() -> proxy.get(0).oneStep(0, Integer.toString(i)), options))
                    .toList());
            step("last");
        }

        private List<Integer> elements(int items) {
            called.accept(0);
            return IntStream.range(0, items).boxed().toList();
        }

        private void step(String name) {
            dbos.runStep(() -> called.accept(0), name);
        }

        private static void join(List<? extends WorkflowHandle<Void, RuntimeException>> children) {
            children.forEach(WorkflowHandle::getResult);
        }
    }
}
