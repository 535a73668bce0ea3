package io.pgflow.operation;

import java.util.Optional;

/**
 * A reason why a task is not running.
 *
 * @param code a word for programs: {@code parents}, {@code backoff}, {@code paused} and so on; docs/run-operations.md lists them
 * @param words for a person
 * @param detail what the words are made of, as a JSON object
 */
public record WaitReason(String code, String words, Optional<String> detail) {}
