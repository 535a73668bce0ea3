package io.pgflow.workflow;

import io.pgflow.internal.json.Json;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Writes a definition as JSON, leaving out what is the default. */
final class DefinitionWriter {

    private DefinitionWriter() {}

    static String write(WorkflowDefinition definition) {
        return write(definition.name(), definition.steps(), definition.returns(), definition.deadline());
    }

    static String write(
            String name, List<StepDefinition> steps, Optional<String> returns, Optional<Duration> deadline) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("name", name);
        json.put("steps", steps.stream().map(DefinitionWriter::step).toList());
        returns.ifPresent(step -> json.put("returns", step));
        deadline.ifPresent(value -> json.put("deadline", value.toString()));
        return Json.writeTree(json);
    }

    private static Map<String, @Nullable Object> step(StepDefinition step) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("name", step.name());
        step.handler().ifPresent(handler -> json.put("handler", handler));
        if (step.action() instanceof Action.SubWorkflow run) {
            json.put("workflow", run.workflow());
            run.version().ifPresent(version -> json.put("version", version));
        } else if (step.action() instanceof Action.Sleep sleep) {
            json.put("sleep", Json.tree(sleep.until(), "the end of the sleep"));
        } else if (step.action() instanceof Action.AwaitSignal await) {
            json.put("signal", await.signal());
            await.within().ifPresent(within -> json.put("within", within.toString()));
        } else if (step.action() instanceof Approval approval) {
            json.put("approval", Json.tree(approval.json(), "the approval"));
        }
        if (!step.after().isEmpty()) {
            json.put("after", step.after());
        }
        step.over().ifPresent(source -> json.put("over", source));
        options(json, step.options());
        step.input().ifPresent(template -> json.put("input", Json.tree(template, "the input template")));
        return json;
    }

    private static void options(Map<String, @Nullable Object> json, StepOptions options) {
        StepOptions defaults = StepOptions.DEFAULT;
        RetryPolicy retry = options.retry();
        RetryPolicy usual = defaults.retry();
        putUnless(json, "queue", options.queue(), defaults.queue());
        putUnless(json, "maxAttempts", retry.maxAttempts(), usual.maxAttempts());
        putUnless(
                json,
                "timeout",
                options.timeout().toString(),
                defaults.timeout().toString());
        options.deadline().ifPresent(deadline -> json.put("deadline", deadline.toString()));
        putUnless(json, "retryDelay", retry.delay().toString(), usual.delay().toString());
        putUnless(
                json,
                "maxRetryDelay",
                retry.maxDelay().toString(),
                usual.maxDelay().toString());
        putUnless(json, "retryJitter", retry.jitter(), usual.jitter());
        options.when().ifPresent(when -> json.put("when", Json.tree(when.json(), "the condition")));
        putUnless(
                json,
                "otherwise",
                options.otherwise().word(),
                defaults.otherwise().word());
        OnFailure onFailure = options.onFailure();
        putUnless(
                json,
                "onFailure",
                onFailure.reaction().word(),
                defaults.onFailure().reaction().word());
        onFailure.fallback().ifPresent(fallback -> json.put("fallback", Json.tree(fallback, "the fallback")));
        putUnless(json, "collect", options.items().collect(), defaults.items().collect());
        options.items().atOnce().ifPresent(atOnce -> json.put("atOnce", atOnce));
        LimitFields.write(options.limits(), json);
        options.cache().ifPresent(cache -> {
            json.put("cacheFor", cache.keep().toString());
            json.put("cacheKey", Json.tree(cache.key(), "the key of the cache"));
            cache.name().ifPresent(name -> json.put("cacheName", name));
        });
        options.undo().ifPresent(undo -> {
            Map<String, @Nullable Object> fields = new LinkedHashMap<>();
            fields.put("handler", undo.handler());
            undo.maxAttempts().ifPresent(attempts -> fields.put("maxAttempts", attempts));
            json.put("undo", fields);
        });
    }

    private static void putUnless(Map<String, @Nullable Object> json, String field, Object value, Object usual) {
        if (!value.equals(usual)) {
            json.put(field, value);
        }
    }
}
