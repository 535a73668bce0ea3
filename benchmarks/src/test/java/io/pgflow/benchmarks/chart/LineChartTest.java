package io.pgflow.benchmarks.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.pgflow.benchmarks.chart.LineChart.Scale;
import java.io.StringReader;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

class LineChartTest {

    private static final Scale LINEAR = new Scale("runs/s", false);
    private static final Scale LOGARITHMIC = new Scale("tasks <in a call>", true);

    @Test
    void a_linear_axis_begins_at_0_and_ends_at_a_round_number_above_all_values() {
        Axis axis = Axis.around(List.of(310.0, 4_700.0), false);
        assertThat(axis.ticks()).containsExactly(0.0, 1000.0, 2000.0, 3000.0, 4000.0, 5000.0);
        assertThat(axis.share(0)).isZero();
        assertThat(axis.share(2_500)).isEqualTo(0.5);
        assertThat(axis.share(5_000)).isEqualTo(1);
    }

    @Test
    void on_a_logarithmic_axis_equal_ratios_are_equally_far() {
        Axis axis = Axis.between(List.of(1.0, 10.0, 100.0), true);
        assertThat(axis.share(10)).isCloseTo(0.5, within(1e-9));
        assertThat(Axis.around(List.of(13.0, 170.0), true).ticks())
                .usingElementComparator((a, b) -> Math.abs(a - b) < 1e-6 ? 0 : 1)
                .containsExactly(10.0, 20.0, 50.0, 100.0, 200.0);
    }

    @Test
    void an_axis_holds_its_values_whatever_they_are() {
        for (double value : new double[] {0.003, 0.5, 1, 2, 9.99, 10, 49_999, 5_000_000}) {
            Axis linear = Axis.around(List.of(value), false);
            Axis logarithmic = Axis.around(List.of(value), true);
            assertThat(linear.share(value)).as("linear %s", value).isBetween(0.0, 1.0);
            assertThat(logarithmic.share(value)).as("logarithmic %s", value).isBetween(-1e-6, 1.0);
            assertThat(linear.ticks()).hasSizeBetween(2, 7);
        }
        assertThatThrownBy(() -> new Axis(0, 10, true)).hasMessageContaining("no axis");
    }

    @Test
    void numbers_are_written_as_a_person_would() {
        assertThat(Axis.text(0)).isEqualTo("0");
        assertThat(Axis.text(5_000_000)).isEqualTo("5,000,000");
        assertThat(Axis.text(0.5)).isEqualTo("0.5");
        assertThat(Axis.text(2)).isEqualTo("2");
    }

    @Test
    void more_is_higher_and_later_is_further_right() throws Exception {
        Element svg = parsed(
                chart(Line.through("ours", List.of(new Point(100, 900), new Point(1, 100), new Point(10, 500)))));
        List<Element> marks = elements(svg, "circle");
        assertThat(marks).extracting(mark -> number(mark, "cx")).isSorted();
        assertThat(marks).extracting(mark -> -number(mark, "cy")).isSorted();
        assertThat(marks.get(1).getTextContent()).isEqualTo("ours, 10 tasks <in a call>: 500 runs/s");
    }

    @Test
    void a_chart_is_valid_xml_with_its_title_axes_names_and_both_kinds_of_pages() throws Exception {
        String svg = chart(Line.through("a & b", List.of(new Point(1, 1), new Point(2, 2))), Line.across("level", 1.5));
        String text = parsed(svg).getTextContent();
        assertThat(text)
                .contains("Rate & more", "runs/s", "tasks <in a call> (logarithmic)", "a & b", "level", "a note");
        assertThat(svg).contains("prefers-color-scheme: dark", "stroke-dasharray");
    }

    @Test
    void names_of_lines_that_end_together_are_not_written_over_each_other() throws Exception {
        Line[] lines = IntStream.range(0, LineChart.MOST)
                .mapToObj(i -> Line.through("line " + i, List.of(new Point(1, 0), new Point(2, i * 0.01))))
                .toArray(Line[]::new);
        List<Double> heights = elements(parsed(chart(lines)), "text").stream()
                .filter(text -> text.getTextContent().startsWith("line "))
                .map(text -> number(text, "y"))
                .sorted()
                .toList();
        assertThat(heights).hasSize(LineChart.MOST);
        for (int i = 1; i < heights.size(); i++) {
            assertThat(heights.get(i) - heights.get(i - 1)).isGreaterThanOrEqualTo(16.9);
        }
    }

    @Test
    void nothing_and_too_much_are_refused() {
        assertThatThrownBy(() -> chart()).hasMessageContaining("1 to 6 lines");
        assertThatThrownBy(() -> Line.through("empty", Collections.emptyList())).hasMessageContaining("empty");
    }

    private static String chart(Line... lines) {
        return new LineChart("Rate & more", "a note", LOGARITHMIC, LINEAR, List.of(lines)).svg();
    }

    private static Element parsed(String svg) throws Exception {
        var factory = DocumentBuilderFactory.newInstance();
        return factory.newDocumentBuilder()
                .parse(new InputSource(new StringReader(svg)))
                .getDocumentElement();
    }

    private static List<Element> elements(Element svg, String name) {
        var found = svg.getElementsByTagName(name);
        return IntStream.range(0, found.getLength())
                .mapToObj(i -> (Element) found.item(i))
                .toList();
    }

    private static double number(Element element, String name) {
        String value = element.getAttribute(name);
        assertThat(value).matches(Pattern.compile("-?[0-9.]+"));
        return Double.parseDouble(value);
    }
}
