"""Charts of many trials."""

import re
from xml.etree import ElementTree

from base.parallel import Axis, Line, parallel_chart, trace_chart

AXES = [Axis("rate", is_logarithmic=True), Axis("rank"), Axis("CER", as_share=True)]


def points_of(svg):
    return [
        [tuple(map(float, point.split(","))) for point in found.split()]
        for found in re.findall(r'points="([^"]+)"', svg)
    ]


def test_every_trial_crosses_every_axis_and_the_best_is_drawn_last():
    lines = [
        Line("a <b>", (1e-4, 4, 0.5), is_best=True),
        Line("c", (1e-3, 8, 0.7)),
        Line("d", (1e-2, 6, 0.6)),
    ]
    svg = parallel_chart(AXES, lines, "knobs")
    ElementTree.fromstring(svg)
    drawn = points_of(svg)
    assert [len(one) for one in drawn] == [3, 3, 3]
    assert svg.rindex('class="best"') > svg.rindex('class="plain"') and "a &lt;b&gt;" in svg
    c, d, best = drawn
    assert best[0][1] > c[0][1] > d[0][1]  # less is lower on the page, and y grows downwards
    assert abs((best[0][1] + d[0][1]) / 2 - c[0][1]) < 0.2  # half way on a logarithmic axis
    assert "50.0 %" in svg and "0.01" in svg


def test_a_knob_that_is_held_still_lies_in_the_middle():
    svg = parallel_chart(AXES, [Line("a", (0.1, 4, 0.5)), Line("b", (0.1, 5, 0.4))], "knobs")
    first, second = points_of(svg)
    assert first[0] == second[0]


def test_traces_begin_at_zero_and_carry_a_dot_for_each_rung():
    svg = trace_chart([("a", [(10, 0.5), (40, 0.25)], True), ("b", [(10, 0.6)], False)], "CER", "steps")
    ElementTree.fromstring(svg)
    assert svg.count("<circle") == 3 and "40 steps" in svg and "60 %" in svg


def test_nothing_is_drawn_of_nothing():
    assert parallel_chart(AXES, [], "knobs") == "" == trace_chart([], "CER", "steps")
