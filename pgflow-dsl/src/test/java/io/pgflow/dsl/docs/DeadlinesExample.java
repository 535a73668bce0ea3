package io.pgflow.dsl.docs;

import static io.pgflow.dsl.FlowBuilder.after;
import static io.pgflow.dsl.FlowBuilder.handler;

import io.pgflow.dsl.AnnotatedFlow;
import io.pgflow.dsl.FlowBuilder;
import io.pgflow.dsl.JsonFlow;
import io.pgflow.dsl.annotation.Flow;
import io.pgflow.dsl.annotation.FlowInput;
import io.pgflow.dsl.annotation.From;
import io.pgflow.dsl.annotation.Returns;
import io.pgflow.dsl.annotation.Step;
import io.pgflow.workflow.OnFailure;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.time.Duration;

/** A run, and a step of it, that must have ended in time; the region is what the documents show. */
final class DeadlinesExample {

    static final StepKey<Integer> RATE = StepKey.of("rate", Integer.class);
    static final StepKey<String> QUOTE = StepKey.of("quote", String.class);

    Workflow<String, String> fluent() {
        // region fluent
        Workflow<String, String> quotes = FlowBuilder.workflow("quotes", String.class)
                .runDeadline(Duration.ofHours(1))
                .step(
                        RATE,
                        after().deadline(Duration.ofSeconds(30)).onFailure(OnFailure.fallBackTo(100)),
                        in -> rate(in.input()))
                .step(QUOTE, after(RATE), in -> in.input() + " costs " + in.output(RATE))
                .returns(QUOTE);
        // endregion
        return quotes;
    }

    Workflow<String, String> annotated() {
        return AnnotatedFlow.read(new Quotes(), String.class, String.class);
    }

    Workflow<Object, Object> runtime() {
        return FlowBuilder.runtime("quotes")
                .runDeadline(Duration.ofHours(1))
                .step(
                        "rate",
                        handler("quotes.rate").deadline(Duration.ofSeconds(30)).onFailure(OnFailure.fallBackTo(100)))
                .step("quote", handler("quotes.quote").after("rate"))
                .returns("quote");
    }

    Workflow<Object, Object> json() {
        return JsonFlow.read("""
                {"name": "quotes",
                 "deadline": "PT1H",
                 "steps": [
                   {"name": "rate",  "handler": "quotes.rate", "deadline": "PT30S", "onFailure": "fallback", "fallback": 100},
                   {"name": "quote", "handler": "quotes.quote", "after": ["rate"]}],
                 "returns": "quote"}
                """);
    }

    @Flow(value = "quotes", runDeadline = "PT1H")
    static class Quotes {
        @Step(value = "rate", deadline = "PT30S", onFailure = OnFailure.Reaction.FALLBACK, fallback = "100")
        int rate(@FlowInput String article) {
            return DeadlinesExample.rate(article);
        }

        @Step("quote")
        @Returns
        String quote(@FlowInput String article, @From("rate") int rate) {
            return article + " costs " + rate;
        }
    }

    private static int rate(String article) {
        return article.length();
    }
}
