"""Figures as a person reads them: rates as per cent, durations as 1:23."""

from django import template

register = template.Library()


@register.filter
def percent(rate: float | None) -> str:
    """0.0834 -> '8.3 %'."""
    return "" if rate is None else f"{100 * rate:.1f} %"


@register.filter
def points(change: float | None) -> str:
    """A difference of two rates: -0.401 -> '-40.1'."""
    return "" if change is None else f"{100 * change:+.1f}"


@register.filter
def clock(seconds: float | None) -> str:
    """83 -> '1:23', 3700 -> '1:01:40'."""
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
