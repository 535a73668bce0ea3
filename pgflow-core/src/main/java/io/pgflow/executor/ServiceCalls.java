package io.pgflow.executor;

import io.pgflow.internal.json.Json;
import io.pgflow.service.CallFailedException;
import io.pgflow.service.CallResult;
import io.pgflow.service.CallTimeoutException;
import io.pgflow.service.Service;
import io.pgflow.state.RunState;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;

/** Calls of services, on runs. */
final class ServiceCalls {

    private ServiceCalls() {}

    static <O> O await(Service<?, O> service, Run<O> call, Duration timeout) throws InterruptedException {
        try {
            return call.await(timeout);
        } catch (AwaitTimeoutException e) {
            throw new CallTimeoutException(service.name(), call.id(), timeout);
        } catch (RunEndedException e) {
            String code = e.state() == RunState.CANCELLED ? CallFailedException.CANCELLED : CallFailedException.FAILED;
            throw new CallFailedException(
                    code, service.name(), call.id(), e.errorJson().orElse(""), e);
        }
    }

    @SuppressWarnings("unchecked") // the service answers for O being its output type
    static <O> CallResult<O> result(Service<?, O> service, RunSnapshot run) {
        Type type = service.workflow().outputType();
        UUID id = run.runId();
        Optional<O> output = run.state() == RunState.SUCCEEDED
                ? run.output()
                        .flatMap(json -> Optional.ofNullable(
                                (O) Json.read(json, type, "the answer of service " + service.name())))
                : Optional.empty();
        return new CallResult<>(id, run.state(), run.createdAt(), run.endedAt(), output, run.error());
    }
}
