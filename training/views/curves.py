"""The curves of a run as charts, with the table behind them."""

from collections.abc import Sequence
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from base import charts
from training.models import Run
from training.selectors.evaluations import Comparison
from training.selectors.learning import LearningCurve
from training.selectors.runs import curve_of, stage_result

TABLE_POINTS = 30
COLUMNS = ("loss", "dev_loss", "dev_cer", "learning_rate", "gradient_norm", "rank_total")


def curves_of(run: Run) -> dict[str, Any]:
    """`curve` is the loss, `curves` (title, words, chart) of what else has points, the rest is the table."""
    points = curve_of(run)
    shown = [name for name in COLUMNS if any(name in point for point in points)]
    every = max(1, len(points) // TABLE_POINTS)
    kept = [point for at, point in enumerate(points) if at % every == 0 or "dev_loss" in point]
    return {
        "curve": loss_chart([line_of(points, "loss"), line_of(points, "dev_loss")]),
        "has_dev": "dev_loss" in shown,
        "curves": _others(points),
        "curve_columns": [_titles()[name] for name in shown],
        "curve_rows": [(point["step"], [point.get(name) for name in shown]) for point in kept],
    }


def line_of(points: Sequence[dict[str, Any]], name: str) -> list[charts.Point]:
    return [(point["step"], point[name]) for point in points if name in point]


def loss_chart(lines: Sequence[Sequence[charts.Point]]) -> SafeString:
    return safe(charts.line_chart(lines, _("loss per token"), _("steps")))


def _others(points: Sequence[dict[str, Any]]) -> list[tuple[str, str, SafeString]]:
    words = {
        "dev_cer": _("On speakers held out of training, in per cent."),
        "learning_rate": _("It rises, then falls to its last value."),
        "gradient_norm": _("Before clipping; a jump is a batch that taught something odd."),
        "rank_total": _("How many directions are trained, over all layers, as pruning goes on."),
    }
    found = []
    for name, sentence in words.items():
        title = _titles()[name]
        line = line_of(points, name)
        if name == "dev_cer":
            line = [(step, 100 * rate) for step, rate in line]
        chart = charts.line_chart([line], title, _("steps"), width=charts.WIDTH // 2)
        if chart:
            found.append((title, sentence, safe(chart)))
    return found


def _titles() -> dict[str, str]:
    return {
        "loss": _("loss per token"),
        "dev_loss": _("loss, held out"),
        "dev_cer": _("CER, held out"),
        "learning_rate": _("learning rate"),
        "gradient_norm": _("gradient norm"),
        "rank_total": _("total rank"),
    }


def learning_charts(curves: Sequence[LearningCurve]) -> list[tuple[LearningCurve, SafeString]]:
    """CER over the number of utterances trained on, the base at none."""
    drawn = []
    for one in curves:
        title = _("CER on %(set)s in per cent by utterances trained on") % {"set": one.evaluation_set}
        line = [(0.0, 100 * one.base_cer)] if one.base_cer is not None else []
        line += [(float(point.utterances), 100 * point.cer) for point in one.points]
        drawn.append((one, safe(charts.line_chart([line], title, _("utterances")))))
    return drawn


def scores_chart(comparisons: Sequence[Comparison]) -> SafeString:
    estimates = [
        charts.Estimate(
            f"{one.evaluation_set.name}, {words}",
            score.corpus_cer,
            score.interval[0],
            score.interval[1],
            after,
        )
        for one in comparisons
        for score, words, after in ((one.before, _("before"), False), (one.after, _("after"), True))
        if score
    ]
    return safe(charts.interval_chart(estimates, _("CER before and after, with intervals")))


def safe(svg: str) -> SafeString:
    """charts.py escapes every word that it is given."""
    return mark_safe(svg)


def strength_of(run: Run) -> dict[str, Any]:
    """The trade-off between learning and forgetting, and what was chosen."""
    found = stage_result(run, "strength")
    tried = found.get("tried", [])
    own = [(one["strength"], 100 * one["own"]) for one in tried]
    general = [(one["strength"], 100 * one["general"]) for one in tried if one["general"] is not None]
    chart = charts.line_chart(
        [own, general], _("CER in per cent by the share of the change"), _("of the change")
    )
    return {"strength": found, "strength_chart": safe(chart)}
