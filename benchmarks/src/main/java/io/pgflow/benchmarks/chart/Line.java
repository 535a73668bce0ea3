package io.pgflow.benchmarks.chart;

import java.util.Comparator;
import java.util.List;

/**
 * Points that belong together.
 *
 * @param name stands at its end
 * @param points from left to right
 * @param level whether there is one value that does not depend on x; it is drawn across, from its only point's height
 */
public record Line(String name, List<Point> points, boolean level) {

    public Line {
        points = points.stream().sorted(Comparator.comparingDouble(Point::x)).toList();
        if (points.isEmpty() || (level && points.size() > 1)) {
            throw new IllegalArgumentException("a line has points, a level one has one: " + name);
        }
    }

    /** A value at each x. */
    public static Line through(String name, List<Point> points) {
        return new Line(name, points, false);
    }

    /** One value for every x. */
    public static Line across(String name, double y) {
        return new Line(name, List.of(new Point(0, y)), true);
    }

    double end() {
        return points.get(points.size() - 1).y();
    }
}
