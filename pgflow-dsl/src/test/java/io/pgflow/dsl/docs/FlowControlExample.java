package io.pgflow.dsl.docs;

import static io.pgflow.dsl.FlowBuilder.after;

import io.pgflow.PgflowSettings;
import io.pgflow.audit.AuditNote;
import io.pgflow.dsl.AnnotatedFlow;
import io.pgflow.dsl.FlowBuilder;
import io.pgflow.dsl.JsonFlow;
import io.pgflow.dsl.annotation.AtMost;
import io.pgflow.dsl.annotation.AtOnce;
import io.pgflow.dsl.annotation.Flow;
import io.pgflow.dsl.annotation.FlowInput;
import io.pgflow.dsl.annotation.From;
import io.pgflow.dsl.annotation.Returns;
import io.pgflow.dsl.annotation.Step;
import io.pgflow.executor.Executor;
import io.pgflow.executor.StartOptions;
import io.pgflow.executor.StartOutcome;
import io.pgflow.executor.StartedOnce;
import io.pgflow.flowcontrol.FlowControl;
import io.pgflow.flowcontrol.Target;
import io.pgflow.workflow.Concurrency;
import io.pgflow.workflow.Part;
import io.pgflow.workflow.Rate;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.UUID;

/** Holding work up and letting it go on; the regions are what the documents show. */
final class FlowControlExample {

    record Question(String tenant, String text, int tokens) {}

    static final StepKey<String> EMBED = StepKey.of("embed", String.class);
    static final StepKey<String> ANSWER = StepKey.of("answer", String.class);

    private FlowControlExample() {}

    static Workflow<Question, String> fluent() {
        // region limits
        Workflow<Question, String> ask = FlowBuilder.workflow("ask", Question.class)
                .step(EMBED, after().concurrency(4), in -> embed(in.input().text()))
                .step(
                        ANSWER,
                        after(EMBED)
                                .concurrency(Concurrency.of(2).by(Part.input("/tenant")))
                                .rate(Rate.of(100_000, Duration.ofMinutes(1))
                                        .named("model")
                                        .weighing(Part.input("/tokens")))
                                .fairBy(Part.input("/tenant")),
                        in -> answer(in.output(EMBED)))
                .returns(ANSWER);
        // endregion
        return ask;
    }

    static Workflow<Question, String> annotated() {
        return AnnotatedFlow.read(new Ask(), Question.class, String.class);
    }

    static Workflow<Object, Object> json() {
        return JsonFlow.read("""
            {"name": "ask",
             "steps": [
               {"name": "embed", "handler": "ask.embed", "concurrency": [{"limit": 4}]},
               {"name": "answer", "handler": "ask.answer", "after": ["embed"],
                "concurrency": [{"limit": 2, "by": {"$from": "$input", "pointer": "/tenant"}}],
                "rate": [{"limit": 100000, "per": "PT1M", "name": "model",
                          "weight": {"$from": "$input", "pointer": "/tokens"}}],
                "fairBy": {"$from": "$input", "pointer": "/tenant"}}],
             "returns": "answer"}
            """);
    }

    static void once(Executor executor, Workflow<Question, String> ask, Question question) {
        // region once
        StartOptions report = StartOptions.none().onceWhileUnfinished("report of " + question.tenant());
        StartOptions mail = StartOptions.none().onceWithin("mail to " + question.tenant(), Duration.ofHours(1));
        StartOptions save = StartOptions.none().debounce("draft 17", Duration.ofSeconds(5), Duration.ofMinutes(1));

        StartedOnce<String> started = executor.startOnce(ask, question, report);
        boolean mine = started.outcome() == StartOutcome.STARTED; // or EXISTING, or REPLACED
        // endregion
        executor.startOnce(ask, question, mine ? mail : save);
    }

    static PgflowSettings worker() {
        // region worker
        PgflowSettings settings = PgflowSettings.builder()
                .queues("default", "mail")
                .queue("gpu", 2)
                .workflows("ask", "refund")
                .build();
        // endregion
        return settings;
    }

    private static String embed(String text) {
        return "[" + text + "]";
    }

    private static String answer(String vector) {
        return "about " + vector;
    }

    // region annotated
    @Flow("ask")
    static final class Ask {

        @Step(value = "embed", concurrency = @AtOnce(4))
        String embed(@FlowInput Question question) {
            return FlowControlExample.embed(question.text());
        }

        @Step(
                value = "answer",
                concurrency = @AtOnce(value = 2, by = "$input/tenant"),
                rate = @AtMost(value = 100_000, per = "PT1M", name = "model", weight = "$input/tokens"),
                fairBy = "$input/tenant")
        @Returns
        String answer(@From("embed") String vector) {
            return FlowControlExample.answer(vector);
        }
    }
    // endregion

    @SuppressWarnings("SystemOut") // what an application prints
    static void pause(Executor executor, UUID runId) {
        // region pause
        FlowControl flow = executor.flowControl();
        flow.pause(Target.queue("mail"), AuditNote.by("ada", "the provider is down"));
        flow.pause(Target.workflow("checkout"), AuditNote.by("ada", "a mistake was found"));
        flow.pause(Target.step("checkout", "charge"), AuditNote.by("ada", "the bank is closed"));
        flow.pause(Target.run(runId), AuditNote.by("ada", "wait for the customer"));

        flow.paused().forEach(pause -> System.out.println(pause.target() + " since " + pause.since()));
        flow.resume(Target.queue("mail"), AuditNote.by("ada", "it is back"));
        // endregion
    }
}
