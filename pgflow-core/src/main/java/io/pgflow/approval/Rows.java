package io.pgflow.approval;

import io.pgflow.internal.json.Json;
import io.pgflow.internal.store.ApprovalRow;
import io.pgflow.workflow.Approval;
import io.pgflow.workflow.Decision;
import io.pgflow.workflow.FormField;
import io.pgflow.workflow.GenericType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** From rows to what applications see. */
final class Rows {

    private Rows() {}

    static ApprovalSnapshot snapshot(ApprovalRow row) {
        Map<?, ?> asks = object(Json.tree(row.asks(), "what is asked"));
        List<String> choices = texts(asks.get("choices"));
        return new ApprovalSnapshot(
                row.approvalId(),
                row.runId(),
                row.workflow(),
                row.step(),
                ApprovalSnapshot.State.of(row.state()),
                String.valueOf(asks.get("question")),
                choices.isEmpty() ? List.of(Approval.APPROVE, Approval.REJECT) : choices,
                list(asks.get("form")).stream().map(Rows::field).toList(),
                row.shown(),
                row.roles(),
                row.actors(),
                asks.get("quorum") instanceof Number people ? people.intValue() : 1,
                row.stage(),
                row.requestedAt(),
                row.dueAt(),
                row.endedAt(),
                row.choice(),
                votes(row.votes()));
    }

    static List<DecisionResult.FormProblem> problems(@Nullable String json) {
        return json == null
                ? List.of()
                : list(Json.tree(json, "the problems")).stream()
                        .map(Rows::object)
                        .map(problem -> new DecisionResult.FormProblem(
                                String.valueOf(problem.get("code")),
                                Optional.ofNullable(problem.get("field")).map(String::valueOf),
                                String.valueOf(problem.get("message"))))
                        .toList();
    }

    @SuppressWarnings("unchecked") // read as the type that is named
    private static List<Decision.Vote> votes(String json) {
        Object votes = Json.read(json, GenericType.listOf(Decision.Vote.class), "the votes");
        return votes == null ? List.of() : (List<Decision.Vote>) votes;
    }

    private static FormField field(@Nullable Object tree) {
        Map<?, ?> field = object(tree);
        return new FormField(
                String.valueOf(field.get("name")),
                String.valueOf(field.get("type")),
                Boolean.TRUE.equals(field.get("required")),
                texts(field.get("choices")));
    }

    private static Map<?, ?> object(@Nullable Object tree) {
        return tree instanceof Map<?, ?> fields ? fields : Map.of();
    }

    private static List<?> list(@Nullable Object tree) {
        return tree instanceof List<?> elements ? elements : List.of();
    }

    private static List<String> texts(@Nullable Object tree) {
        return list(tree).stream().map(String::valueOf).toList();
    }
}
