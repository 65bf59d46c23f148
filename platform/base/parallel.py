"""Charts of many trials as SVG text: parallel coordinates, and traces with their points. Pure; see charts.py.

One line is the best: it is drawn last, thick and in the colour of accent. Each says its name in a <title>.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from base.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, Point, svg, text

PARALLEL_WIDTH, PARALLEL_HEIGHT, MARGIN, HEAD = 1160, 280, 60, 34


@dataclass(frozen=True, slots=True)
class Axis:
    label: str
    is_logarithmic: bool = False
    as_share: bool = False

    def shown(self, value: float) -> str:
        return f"{100 * value:.1f} %" if self.as_share else f"{value:.3g}"


@dataclass(frozen=True, slots=True)
class Line:
    """One value for each axis. `faint`: ended early."""

    label: str
    values: Sequence[float]
    is_best: bool = False
    faint: bool = False


def parallel_chart(axes: Sequence[Axis], lines: Sequence[Line], title: str) -> str:
    """Empty when there is nothing to draw. The least of each axis is at the bottom."""
    if not lines or len(axes) < 2:
        return ""
    step = (PARALLEL_WIDTH - 2 * MARGIN) / (len(axes) - 1)
    bottom = PARALLEL_HEIGHT - BOTTOM
    parts = []
    columns = []
    for number, axis in enumerate(axes):
        values = [line.values[number] for line in lines]
        x = MARGIN + step * number
        columns.append([(x, bottom - (bottom - HEAD) * share) for share in _shares(axis, values)])
        parts += [
            f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{HEAD}" y2="{bottom}"/>',
            text(x, 14, axis.label, "middle"),
            text(x, HEAD - 6, axis.shown(max(values)), "middle"),
            text(x, bottom + 14, axis.shown(min(values)), "middle"),
        ]
    drawn = sorted(range(len(lines)), key=lambda index: lines[index].is_best)
    parts += [_polyline([column[index] for column in columns], lines[index]) for index in drawn]
    return svg(parts, title, PARALLEL_WIDTH, PARALLEL_HEIGHT)


def trace_chart(traces: Sequence[tuple[str, Sequence[Point], bool]], title: str, x_label: str) -> str:
    """(name, points, whether it is the best) -> a line with its points for each; y is a share, from zero."""
    points = [point for _, own, _ in traces for point in own]
    if not points:
        return ""
    x_most, y_most = max(x for x, _ in points) or 1, max(y for _, y in points) or 1
    width = PARALLEL_WIDTH

    def place(point: Point) -> Point:
        x = LEFT + (width - LEFT - RIGHT) * point[0] / x_most
        return x, TOP + (HEIGHT - TOP - BOTTOM) * (1 - point[1] / y_most)

    parts = []
    for share in (0.0, 0.5, 1.0):
        y = TOP + (HEIGHT - TOP - BOTTOM) * (1 - share)
        parts.append(f'<line class="axis" x1="{LEFT}" x2="{width - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(text(LEFT - 6, y + 4, f"{100 * share * y_most:.0f} %", "end"))
    parts.append(text(LEFT, HEIGHT - 6, "0", "start"))
    parts.append(text(width - RIGHT, HEIGHT - 6, f"{x_most:.0f} {x_label}", "end"))
    for name, own, is_best in sorted(traces, key=lambda trace: trace[2]):
        placed = [place(point) for point in own]
        parts.append(_polyline(placed, Line(name, (), is_best, not is_best), dots=True))
    return svg(parts, title, width, HEIGHT)


def _polyline(points: Sequence[Point], line: Line, dots: bool = False) -> str:
    kind = "best" if line.is_best else "faint" if line.faint else "plain"
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    width = 3 if line.is_best else 1.5
    circles = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{width + 1}" fill="currentColor"/>'
        for x, y in (points if dots else ())
    )
    return (
        f'<g class="{kind}"><title>{escape(line.label)}</title><polyline points="{path}" fill="none"'
        f' stroke="currentColor" stroke-width="{width}" stroke-linejoin="round"/>{circles}</g>'
    )


def _shares(axis: Axis, values: Sequence[float]) -> list[float]:
    """0 for the least, 1 for the most, the middle where all are alike."""
    scaled = [math.log(value) if axis.is_logarithmic else value for value in values]
    least, most = min(scaled), max(scaled)
    return [(value - least) / (most - least) if most > least else 0.5 for value in scaled]
