package io.pgflow.benchmarks.chart;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Lines over a common axis, as the text of an SVG file. Names stand at the lines' ends, so colours are no key; every point tells its
 * numbers when it is pointed at.
 *
 * @param title above the chart
 * @param note below it, small: what the figures were measured on
 * @param x what stands below, with its unit
 * @param y what stands beside, with its unit; begins at 0 unless it is logarithmic
 * @param lines in the order of their colours, at most {@value #MOST}
 */
public record LineChart(String title, String note, Scale x, Scale y, List<Line> lines) {

    static final int MOST = 6;

    private static final int WIDTH = 760;
    private static final int HEIGHT = 420;
    private static final int LEFT = 86;
    private static final int RIGHT = 150;
    private static final int TOP = 72;
    private static final int BOTTOM = 78;
    private static final int BETWEEN_NAMES = 17;
    private static final int BETWEEN_TICKS = 10;
    private static final int LETTER = 7;

    private static final String LIGHT = """
            .paper { fill: #ffffff } .ink { fill: #1d2733 } .soft { fill: #5b6875 } .grid { stroke: #dfe4e9 }
            """;
    private static final String DARK = """
            .paper { fill: #12171d } .ink { fill: #e8edf2 } .soft { fill: #a3afbb } .grid { stroke: #2c3641 }
            """;
    private static final List<String> ON_LIGHT =
            List.of("#0b62b8", "#b4500a", "#17733c", "#8a2f9c", "#a3283a", "#5d5a12");
    private static final List<String> ON_DARK =
            List.of("#6bb3ff", "#ffa45c", "#62d08c", "#dd9bee", "#ff8c9b", "#d3cc62");

    public LineChart {
        lines = List.copyOf(lines);
        if (lines.isEmpty() || lines.size() > MOST) {
            throw new IllegalArgumentException("a chart has 1 to " + MOST + " lines: " + title);
        }
    }

    /** What an axis shows, and whether equal ratios or equal differences are equally far. */
    public record Scale(String name, boolean logarithmic) {}

    /** The file's text. */
    public String svg() {
        Axis across = Axis.between(xs(), x.logarithmic());
        Axis up = Axis.around(values(), y.logarithmic());
        var parts = new ArrayList<String>();
        parts.add(format(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"system-ui, sans-serif\" "
                        + "font-size=\"13\" role=\"img\" aria-labelledby=\"title\">",
                WIDTH, HEIGHT));
        parts.add("<title id=\"title\">" + escaped(title + ": " + y.name() + " against " + x.name()) + "</title>");
        parts.add("<style>\n" + style(LIGHT, ON_LIGHT) + "@media (prefers-color-scheme: dark) {\n"
                + style(DARK, ON_DARK) + "}\n</style>");
        parts.add(format("<rect class=\"paper\" width=\"%d\" height=\"%d\" rx=\"8\"/>", WIDTH, HEIGHT));
        parts.add(text(20, 28, "class='ink' font-size='16' font-weight='600'", title));
        parts.add(text(20, HEIGHT - 14, "class='soft' font-size='11'", note));
        parts.addAll(yAxis(up));
        parts.addAll(xAxis(across));
        for (int i = 0; i < lines.size(); i++) {
            parts.addAll(line(i, across, up));
        }
        parts.addAll(names(up));
        parts.add("</svg>");
        return String.join("\n", parts) + "\n";
    }

    /** Colours by name, since few programs besides browsers know variables in style sheets. */
    private String style(String base, List<String> colours) {
        var style = new StringBuilder(base);
        for (int i = 0; i < lines.size(); i++) {
            style.append(".line" + i + " { stroke: " + colours.get(i) + " } ");
            style.append(".mark" + i + " { fill: " + colours.get(i) + " }\n");
        }
        return style.toString();
    }

    private List<String> yAxis(Axis up) {
        var parts = new ArrayList<String>();
        for (double tick : up.ticks()) {
            double at = high(up, tick);
            parts.add(format("<path class=\"grid\" d=\"M%d %.1f H%d\"/>", LEFT, at, WIDTH - RIGHT));
            parts.add(text(LEFT - 8, at + 4, "class='soft' text-anchor='end'", Axis.text(tick)));
        }
        parts.add(text(20, TOP - 20, "class='soft'", y.name() + (y.logarithmic() ? " (logarithmic)" : "")));
        return parts;
    }

    /** What was measured is what is marked; numbers that would stand in each other are left out. */
    private List<String> xAxis(Axis across) {
        var parts = new ArrayList<String>();
        double free = 0;
        for (double tick : xs()) {
            double at = far(across, tick);
            String number = Axis.text(tick);
            double half = number.length() * LETTER / 2.0;
            parts.add(format("<path class=\"grid\" d=\"M%.1f %d v6\"/>", at, HEIGHT - BOTTOM));
            if (at - half > free) {
                parts.add(text(at, HEIGHT - BOTTOM + 20, "class='soft' text-anchor='middle'", number));
                free = at + half + BETWEEN_TICKS;
            }
        }
        String name = x.name() + (x.logarithmic() ? " (logarithmic)" : "");
        parts.add(text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - BOTTOM + 40, "class='soft' text-anchor='middle'", name));
        return parts;
    }

    private List<String> line(int number, Axis across, Axis up) {
        Line line = lines.get(number);
        var parts = new ArrayList<String>();
        String style = "class=\"line" + number + "\" fill=\"none\" stroke-width=\"2.5\"";
        if (line.level()) {
            double at = high(up, line.end());
            parts.add(format("<path %s stroke-dasharray=\"7 5\" d=\"M%d %.1f H%d\"/>", style, LEFT, at, WIDTH - RIGHT));
            return parts;
        }
        var path = new StringBuilder();
        for (Point point : line.points()) {
            double at = far(across, point.x());
            double high = high(up, point.y());
            path.append(format("%s%.1f %.1f", path.length() == 0 ? "M" : " L", at, high));
            String numbers = Axis.text(point.x()) + " " + x.name() + ": " + Axis.text(point.y()) + " " + y.name();
            parts.add(format(
                    "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" class=\"mark%d\"><title>%s</title></circle>",
                    at, high, number, escaped(line.name() + ", " + numbers)));
        }
        parts.add(0, "<path " + style + " d=\"" + path + "\"/>");
        return parts;
    }

    /** At the ends of their lines, but never closer to each other than can be read. */
    private List<String> names(Axis up) {
        var order = new ArrayList<Integer>();
        for (int i = 0; i < lines.size(); i++) {
            order.add(i);
        }
        order.sort(Comparator.comparingDouble(i -> high(up, lines.get(i).end())));
        double[] at = order.stream()
                .mapToDouble(i -> high(up, lines.get(i).end()) + 4)
                .toArray();
        for (int i = 1; i < at.length; i++) {
            at[i] = Math.max(at[i], at[i - 1] + BETWEEN_NAMES);
        }
        double floor = HEIGHT - BOTTOM;
        for (int i = at.length - 1; i >= 0; i--) {
            at[i] = Math.min(at[i], floor);
            floor = at[i] - BETWEEN_NAMES;
        }
        var parts = new ArrayList<String>();
        for (int i = 0; i < at.length; i++) {
            int number = order.get(i);
            parts.add(format(
                    "<text x=\"%d\" y=\"%.1f\" class=\"mark%d\" font-weight=\"600\">%s</text>",
                    WIDTH - RIGHT + 10, at[i], number, escaped(lines.get(number).name())));
        }
        return parts;
    }

    private List<Double> xs() {
        return lines.stream()
                .filter(line -> !line.level())
                .flatMap(line -> line.points().stream().map(Point::x))
                .distinct()
                .sorted()
                .toList();
    }

    private List<Double> values() {
        return lines.stream()
                .flatMap(line -> line.points().stream().map(Point::y))
                .toList();
    }

    private static double far(Axis across, double value) {
        return LEFT + 12 + across.share(value) * (WIDTH - RIGHT - LEFT - 24);
    }

    private static double high(Axis up, double value) {
        return HEIGHT - BOTTOM - up.share(value) * (HEIGHT - BOTTOM - TOP);
    }

    private static String text(double x, double y, String look, String text) {
        return format("<text x='%.1f' y='%.1f' %s>%s</text>", x, y, look, escaped(text));
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
