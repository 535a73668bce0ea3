package io.pgflow.internal.store;

import java.time.Duration;

/** A task whose output may be in a cache, or goes there; {@code key} is JSON text. */
public record CachedTask(TaskId task, String cache, String key, Duration keep) {}
