package io.pgflow.executor;

/** Which runs go first when workers are busy? High before normal before low, within each the oldest first. */
public enum Priority {
    HIGH(1),
    NORMAL(2),
    LOW(3);

    private final int number;

    Priority(int number) {
        this.number = number;
    }

    /** As the database has it. */
    int number() {
        return number;
    }

    static Priority of(int number) {
        return values()[number - 1];
    }
}
