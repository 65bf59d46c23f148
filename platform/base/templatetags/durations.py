"""Durations as people read them: 1:23.4 for sound, minutes for work."""

from django import template

register = template.Library()


@register.filter
def clock(milliseconds: int | None) -> str:
    """83_400 -> 1:23.4; an hour or more -> 1:02:03.4; None -> an en dash."""
    if milliseconds is None:
        return "–"
    tenths = milliseconds // 100
    hours, rest = divmod(tenths, 36_000)
    minutes, tenths = divmod(rest, 600)
    seconds = f"{tenths // 10:02d}.{tenths % 10}"
    return f"{hours}:{minutes:02d}:{seconds}" if hours else f"{minutes}:{seconds}"


@register.filter
def whole_minutes(milliseconds: float | None) -> int:
    """Rounded to the nearest minute; nothing is 0."""
    return round((milliseconds or 0) / 60_000)


@register.filter
def work_time(seconds: float | None) -> str:
    """5400 -> 1:30 h; below an hour in minutes, never 0 while something is left."""
    minutes = round((seconds or 0) / 60)
    if minutes >= 60:
        return f"{minutes // 60}:{minutes % 60:02d} h"
    return f"{max(minutes, 1) if seconds else 0} min"


@register.filter
def percent(fraction: float | None) -> str:
    """0.0834 -> 8.3 %; None -> an en dash."""
    return "–" if fraction is None else f"{100 * fraction:.1f} %"
