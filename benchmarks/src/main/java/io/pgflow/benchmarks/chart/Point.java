package io.pgflow.benchmarks.chart;

/** A measured value {@code y} at {@code x}. */
public record Point(double x, double y) {}
