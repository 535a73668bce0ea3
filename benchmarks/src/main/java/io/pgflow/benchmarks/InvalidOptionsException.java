package io.pgflow.benchmarks;

/** The command line asks for something that is not there: correct it; the message says how. */
final class InvalidOptionsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param code {@code PGF-BEN-001} an unknown word, {@code 002} a value that does not fit its option */
    InvalidOptionsException(String code, String message) {
        super("[" + code + "] " + message);
    }
}
