package io.pgflow;

import org.jspecify.annotations.Nullable;

/**
 * The sender or the receiver of a value must be corrected: an input or output is not JSON, is too large, or does not fit the
 * type that reads it. Trying again with the same value fails again.
 *
 * <table>
 * <caption>Codes</caption>
 * <tr><td>{@link #NOT_JSON}</td><td>the text is not JSON, or the value cannot be written as JSON</td></tr>
 * <tr><td>{@link #TOO_LARGE}</td><td>more bytes (UTF-8) than the limit</td></tr>
 * <tr><td>{@link #NOT_STORABLE}</td><td>a character or number that PostgreSQL's jsonb refuses, such as {@code \}{@code u0000}</td></tr>
 * <tr><td>{@link #DOES_NOT_FIT}</td><td>JSON, but not of the declared type</td></tr>
 * <tr><td>{@link #TOO_DEEP}</td><td>nested deeper than 50 levels</td></tr>
 * <tr><td>{@link #NOT_FOUND}</td><td>an input template points at a value that is not there</td></tr>
 * </table>
 */
public final class InvalidPayloadException extends PgflowException {

    public static final String NOT_JSON = "PGF-DAT-001";
    public static final String TOO_LARGE = "PGF-DAT-002";
    public static final String NOT_STORABLE = "PGF-DAT-003";
    public static final String DOES_NOT_FIT = "PGF-DAT-004";
    public static final String TOO_DEEP = "PGF-DAT-005";
    public static final String NOT_FOUND = "PGF-DAT-006";

    private static final long serialVersionUID = 1;

    /** Made by the engine; {@code message} comes without the code. */
    public InvalidPayloadException(String code, String message) {
        super(code, message);
    }

    /** Made by the engine; {@code message} comes without the code. */
    public InvalidPayloadException(String code, String message, @Nullable Throwable cause) {
        super(code, message);
        initCause(cause);
    }
}
