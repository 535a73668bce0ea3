package io.pgflow.workflow;

import io.pgflow.InvalidPayloadException;
import io.pgflow.internal.json.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the JSON form of a definition: first its shape, then, on whatever could be read, the rules of every definition. */
final class DefinitionReader {

    private static final Set<String> WORKFLOW_FIELDS = Set.of("name", "steps", "returns", "deadline");
    private static final Set<String> STEP_FIELDS = Set.of(
            "name",
            "handler",
            "after",
            "over",
            "queue",
            "maxAttempts",
            "timeout",
            "deadline",
            "retryDelay",
            "maxRetryDelay",
            "retryJitter",
            "when",
            "otherwise",
            "onFailure",
            "fallback",
            "collect",
            "atOnce",
            "concurrency",
            "rate",
            "fairBy",
            "cacheFor",
            "cacheKey",
            "cacheName",
            "undo",
            "sleep",
            "signal",
            "within",
            "workflow",
            "version",
            "approval",
            "input");

    /** What means something only to a step with a handler. */
    private static final List<String> WORK_FIELDS = List.of("queue", "timeout", "concurrency", "rate", "fairBy");

    /** What means something only to a step with a handler, or to one that starts a run. */
    private static final List<String> ATTEMPT_FIELDS =
            List.of("input", "over", "maxAttempts", "retryDelay", "maxRetryDelay", "retryJitter", "collect", "atOnce");

    private final List<Problem> problems = new ArrayList<>();

    private DefinitionReader() {}

    static WorkflowDefinition read(String json) {
        return new DefinitionReader().workflow(tree(json), true);
    }

    /** The same of one that the engine may have made itself. */
    static WorkflowDefinition stored(String json) {
        return new DefinitionReader().workflow(tree(json), false);
    }

    private static @Nullable Object tree(String json) {
        try {
            Json.check(json, "the definition", Limits.MAX_DEFINITION_BYTES);
            return Json.tree(json, "the definition");
        } catch (InvalidPayloadException e) {
            boolean large = Set.of(InvalidPayloadException.TOO_LARGE, InvalidPayloadException.TOO_DEEP)
                    .contains(e.code());
            ProblemCode code = large ? ProblemCode.TOO_LARGE : ProblemCode.NOT_JSON;
            throw new InvalidWorkflowException("?", List.of(code.at("", e.reason())));
        }
    }

    private WorkflowDefinition workflow(@Nullable Object tree, boolean byPeople) {
        JsonFields fields = JsonFields.of(tree, Place.WORKFLOW, WORKFLOW_FIELDS, problems);
        String name = fields.requiredText("name");
        if (byPeople && Limits.isUndoName(name)) {
            problems.add(DefinitionCheck.badName(
                    "workflow", name, Place.WORKFLOW.field("name").pointer()));
        }
        List<StepDefinition> steps = steps(fields);
        Optional<String> returns = fields.text("returns");
        Optional<Duration> deadline = fields.duration("deadline");
        problems.addAll(ofTheRules(name, steps, returns, deadline));
        if (!problems.isEmpty()) {
            throw new InvalidWorkflowException(name, problems);
        }
        return new WorkflowDefinition(name, steps, returns, deadline);
    }

    /** What cannot be read has been reported at its place; what the rules say about its stand-in there is noise. */
    private List<Problem> ofTheRules(
            String name, List<StepDefinition> steps, Optional<String> returns, Optional<Duration> deadline) {
        Set<String> reported = new HashSet<>();
        problems.forEach(problem -> reported.add(problem.place()));
        return DefinitionCheck.problems(name, steps, returns, deadline, Place.Style.JSON).stream()
                .filter(problem -> reported.stream().noneMatch(place -> isWithin(problem.place(), place)))
                .toList();
    }

    private static boolean isWithin(String place, String outer) {
        return place.equals(outer) || place.startsWith(outer + "/");
    }

    private List<StepDefinition> steps(JsonFields workflow) {
        List<StepDefinition> steps = new ArrayList<>();
        List<?> list = workflow.requiredList("steps");
        for (int i = 0; i < list.size(); i++) {
            Object tree = list.get(i);
            String name = tree instanceof Map<?, ?> map && map.get("name") instanceof String text ? text : "";
            steps.add(step(JsonFields.of(tree, Place.step(i, name), STEP_FIELDS, problems)));
        }
        return steps;
    }

    private static StepDefinition step(JsonFields fields) {
        return new StepDefinition(
                fields.requiredText("name"),
                action(fields),
                fields.texts("after"),
                fields.text("over"),
                options(fields));
    }

    private static Action action(JsonFields fields) {
        String field = fields.oneOf(List.of("handler", "workflow", "sleep", "signal", "approval"));
        if (!field.equals("handler")) {
            WORK_FIELDS.forEach(work -> fields.not(work, "calls no handler"));
        }
        if (!field.equals("handler") && !field.equals("workflow")) {
            ATTEMPT_FIELDS.forEach(attempt -> fields.not(attempt, "calls no handler and starts no run"));
        }
        if (!field.equals("workflow")) {
            fields.not("version", "starts no run");
        }
        if (!field.equals("signal")) {
            fields.not("within", "waits for no signal");
        }
        return switch (field) {
            case "workflow" ->
                new Action.SubWorkflow(
                        fields.requiredText("workflow"), fields.integer("version"), fields.json("input"));
            case "sleep" -> new Action.Sleep(fields.json("sleep").orElse(""));
            case "signal" -> new Action.AwaitSignal(fields.requiredText("signal"), fields.duration("within"));
            case "approval" -> new Approval(fields.json("approval").orElse("{}"));
            default -> new Action.Work(fields.requiredText("handler"), fields.json("input"));
        };
    }

    private static StepOptions options(JsonFields fields) {
        fields.onlyWith("when", "otherwise");
        fields.onlyWith("cacheFor", "cacheKey");
        fields.onlyWith("cacheFor", "cacheName");
        fields.onlyWith("cacheKey", "cacheFor");
        StepOptions usual = StepOptions.DEFAULT;
        RetryPolicy retry = new RetryPolicy(
                fields.integer("maxAttempts").orElse(usual.retry().maxAttempts()),
                fields.duration("retryDelay").orElse(usual.retry().delay()),
                fields.duration("maxRetryDelay").orElse(usual.retry().maxDelay()),
                fields.number("retryJitter").orElse(usual.retry().jitter()));
        return new StepOptions(
                fields.text("queue").orElse(usual.queue()),
                fields.duration("timeout").orElse(usual.timeout()),
                fields.duration("deadline"),
                retry,
                fields.json("when").map(Condition::new),
                fields.word("otherwise", Otherwise.values(), Otherwise::word).orElse(usual.otherwise()),
                new OnFailure(
                        fields.word("onFailure", OnFailure.Reaction.values(), OnFailure.Reaction::word)
                                .orElse(usual.onFailure().reaction()),
                        fields.json("fallback")),
                new Items(
                        fields.truth("collect").orElse(usual.items().collect()),
                        fields.integer("atOnce").map(OptionalInt::of).orElse(OptionalInt.empty())),
                LimitFields.read(fields),
                cache(fields),
                fields.object("undo", Set.of("handler", "maxAttempts"))
                        .map(undo -> new Undo(undo.requiredText("handler"), undo.integer("maxAttempts"))));
    }

    private static Optional<Caching> cache(JsonFields fields) {
        Optional<String> key = fields.json("cacheKey");
        Optional<String> name = fields.text("cacheName");
        return fields.duration("cacheFor").flatMap(keep -> key.map(template -> new Caching(template, keep, name)));
    }
}
