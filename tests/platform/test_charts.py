"""Charts are well-formed SVG with a title; nothing to draw gives nothing."""

from xml.etree import ElementTree

from base import charts


def test_a_line_chart_is_a_picture_with_a_title():
    svg = charts.line_chart([[(1, 4.0), (2, 2.0)], [(1, 3.0), (2, 3.5)]], "loss & more", "steps")
    root = ElementTree.fromstring(svg)
    assert root.find("title").text == "loss & more"
    first, second = root.findall("polyline")
    assert "stroke-dasharray" in second.attrib and "stroke-dasharray" not in first.attrib
    (x1, y1), (x2, y2) = [tuple(map(float, point.split(","))) for point in first.get("points").split()]
    assert x2 > x1 and y2 > y1  # a falling loss falls


def test_a_small_figure_has_room_beside_the_axis():
    root = ElementTree.fromstring(
        charts.line_chart([[(1, 0.00075), (2, 0.0015)]], "rate", "steps", width=320)
    )
    assert all(float(text.get("x")) >= 6.5 * len(text.text) for text in root.findall("text")[:3])


def test_words_are_escaped():
    estimate = charts.Estimate("<b>set</b>", 0.2, 0.1, 0.3)
    assert "<b>" not in charts.interval_chart([estimate], "<title>")


def test_an_interval_holds_its_point():
    svg = charts.interval_chart([charts.Estimate("set", 0.2, 0.1, 0.3, after=True)], "CER")
    root = ElementTree.fromstring(svg)
    bar, dot = root.findall("line")[1], root.find("circle")
    assert float(bar.get("x1")) < float(dot.get("cx")) < float(bar.get("x2"))
    assert dot.get("fill") == "currentColor"


def test_nothing_to_draw_is_nothing():
    assert (
        charts.line_chart([[]], "t", "x")
        == charts.sparkline([1.0], "t")
        == charts.interval_chart([], "t")
        == ""
    )


def test_a_flat_line_is_no_division_by_zero():
    assert "polyline" in charts.line_chart([[(0, 0.0), (1, 0.0)]], "t", "x")
    assert "polyline" in charts.sparkline([2.0, 2.0], "t")
