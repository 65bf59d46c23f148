"""Charts as SVG text, drawn on the server: no script, no larger than they need. Pure; knows no rows.

Colours are `currentColor` and classes of the one stylesheet (.chart, .axis), so both themes fit. A chart
says in its <title> what it shows; the page puts the figures in a table beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 640, 200
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 12, 24
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A rate with its interval; `after` is drawn filled, what was before as a ring."""

    label: str
    value: float
    low: float
    high: float
    after: bool = False


def line_chart(
    lines: Sequence[Sequence[Point]],
    title: str,
    x_label: str,
    guide: Sequence[Point] = (),
    width: int = WIDTH,
) -> str:
    """Lines over one pair of axes, the first solid, others dashed. Empty when there is nothing to draw.

    `guide` is where the lines ought to lie, drawn as thin as the axes.
    """
    points = [point for line in (*lines, guide) for point in line]
    if len(points) < 2:
        return ""
    x_most = max(x for x, _ in points) or 1.0
    y_least = min(0.0, min(y for _, y in points))
    y_most = max(y for _, y in points)
    y_most = y_most if y_most > y_least else y_least + 1.0

    labels = {share: f"{y_least + (y_most - y_least) * share:.3g}" for share in (0.0, 0.5, 1.0)}
    left = max(LEFT, 10 + 7 * max(map(len, labels.values())))

    def place(point: Point) -> str:
        x = left + (width - left - RIGHT) * point[0] / x_most
        y = TOP + (HEIGHT - TOP - BOTTOM) * (1 - (point[1] - y_least) / (y_most - y_least))
        return f"{x:.1f},{y:.1f}"

    parts = []
    for share, label in labels.items():
        y = TOP + (HEIGHT - TOP - BOTTOM) * (1 - share)
        parts.append(f'<line class="axis" x1="{left}" x2="{width - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(text(left - 6, y + 4, label, "end"))
    parts.append(text(left, HEIGHT - 6, "0", "start"))
    parts.append(text(width - RIGHT, HEIGHT - 6, f"{x_most:.0f} {x_label}", "end"))
    if guide:
        parts.append(f'<polyline points="{" ".join(map(place, guide))}" fill="none" class="axis"/>')
    for number, line in enumerate(lines):
        if not line:
            continue
        dash = ' stroke-dasharray="5 4"' if number else ""
        path = " ".join(map(place, line))
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="currentColor" stroke-width="2"'
            f' stroke-linejoin="round"{dash}/>'
        )
    return svg(parts, title, width, HEIGHT)


def sparkline(values: Sequence[float], title: str, width: int = 96, height: int = 24) -> str:
    """A line without axes, for a table cell."""
    if len(values) < 2:
        return ""
    least, most = min(values), max(values)
    span = (most - least) or 1.0
    points = " ".join(
        f"{2 + (width - 4) * i / (len(values) - 1):.1f},{2 + (height - 4) * (1 - (v - least) / span):.1f}"
        for i, v in enumerate(values)
    )
    line = f'<polyline points="{points}" fill="none" stroke="currentColor" stroke-width="1.5"/>'
    return svg([line], title, width, height)


def interval_chart(estimates: Sequence[Estimate], title: str, width: int = WIDTH) -> str:
    """One row an estimate: a bar from low to high and a point; rates as per cent from zero."""
    if not estimates:
        return ""
    row, label_width = 26, 230
    most = max(max(one.high, one.value) for one in estimates) * 1.05 or 1.0
    height = TOP + row * len(estimates) + BOTTOM

    def x_of(rate: float) -> float:
        return label_width + (width - label_width - RIGHT - 44) * rate / most

    axis = TOP + row * len(estimates)
    parts = [f'<line class="axis" x1="{x_of(0):.1f}" x2="{x_of(most):.1f}" y1="{axis}" y2="{axis}"/>']
    for number, one in enumerate(estimates):
        y = TOP + row * number + row / 2
        fill = "currentColor" if one.after else "none"
        parts += [
            text(label_width - 10, y + 4, one.label, "end"),
            f'<line x1="{x_of(one.low):.1f}" x2="{x_of(one.high):.1f}" y1="{y}" y2="{y}"'
            ' stroke="currentColor" stroke-width="2" opacity="0.5"/>',
            f'<circle cx="{x_of(one.value):.1f}" cy="{y}" r="5" fill="{fill}"'
            ' stroke="currentColor" stroke-width="2"/>',
            text(x_of(max(one.high, one.value)) + 8, y + 4, f"{100 * one.value:.1f} %", "start"),
        ]
    parts.append(text(x_of(0), height - 6, "0 %", "start"))
    return svg(parts, title, width, height)


def text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def svg(parts: Sequence[str], title: str, width: int, height: float) -> str:
    size = f'viewBox="0 0 {width} {height:.0f}" width="{width}" height="{height:.0f}"'
    return f'<svg {size} role="img"><title>{escape(title)}</title>{"".join(parts)}</svg>'
