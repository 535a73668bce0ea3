package io.pgflow.state;

/** Which runs go first when workers are busy? High before normal before low, within each the oldest first. */
public enum Priority {
    HIGH(1),
    NORMAL(2),
    LOW(3);

    private final int number;

    Priority(int number) {
        this.number = number;
    }

    /** As the database has it: 1 for high to 3 for low. */
    public int number() {
        return number;
    }

    /** The priority of that number; throws an IllegalArgumentException when there is none. */
    public static Priority of(int number) {
        if (number < 1 || number > values().length) {
            throw new IllegalArgumentException("priority " + number + " is none of 1 (high), 2 and 3 (low)");
        }
        return values()[number - 1];
    }
}
