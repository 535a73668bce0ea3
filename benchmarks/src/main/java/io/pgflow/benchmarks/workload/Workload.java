package io.pgflow.benchmarks.workload;

import java.util.List;

/** Something that is measured. */
public interface Workload {

    /** As it is asked for on the command line. */
    String name();

    /** What is measured, in a line. */
    String title();

    /** In the order of the table. */
    List<Variant> variants(Sizes sizes);

    /**
     * Whether the rounds of all variants take turns with each other, because the variants are to be compared; otherwise each
     * variant is measured to its end before the next.
     */
    default boolean comparesVariants() {
        return false;
    }
}
