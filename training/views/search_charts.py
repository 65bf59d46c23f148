"""The two pictures of a search: knobs against CER on parallel axes, and CER as the trials trained."""

from collections.abc import Sequence

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from base.parallel import Axis, Line, parallel_chart, trace_chart
from training.selectors.searches import TrialRow

_LOGARITHMIC = {"learning_rate", "lora_alpha"}


def knob_chart(names: Sequence[str], trials: Sequence[TrialRow]) -> SafeString:
    """The last axis is the CER that a trial came to, wherever it was stopped."""
    axes = [Axis(name, name in _LOGARITHMIC) for name in names]
    lines = [
        Line(_label(row), [*(row.knobs[name] for name in names), row.cer], row.is_best, row.state != "done")
        for row in trials
        if row.cer is not None
    ]
    title = _("Knobs of each trial, and the CER that it came to")
    return mark_safe(parallel_chart([*axes, Axis("CER", as_share=True)], lines, title))


def cer_chart(trials: Sequence[TrialRow]) -> SafeString:
    traces = [(_label(row), row.cers, row.is_best) for row in trials if row.cers]
    return mark_safe(trace_chart(traces, _("CER of each trial at its rungs"), _("steps")))


def _label(row: TrialRow) -> str:
    return _("trial %(number)s") % {"number": row.number}
