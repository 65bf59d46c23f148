"""How many replicas the people who speak need. Pure, but for the form in which Ray Serve asks.

Serve's own measure, requests in hand, says nothing here: an engine is full when the finals of those who were
let in take their share of the device, with one request in hand or ten. Each replica tells what admission
measured instead.
"""

from collections.abc import Mapping
from math import ceil, isfinite
from typing import Protocol

SPEAKERS, CAPACITY = "speakers", "capacity"
ROOM = 0.7  # of the capacity: another replica is ready before the door closes


class Context(Protocol):
    """What is read of Serve's AutoscalingContext: figure -> replica -> its mean over the look-back."""

    target_num_replicas: int
    aggregated_metrics: Mapping[str, Mapping[object, float]] | None


def by_speakers(context: Context) -> tuple[int, dict[str, object]]:
    """Serve's policy: (replicas, nothing to remember). Its delays and bounds are put on afterwards."""
    figures = context.aggregated_metrics or {}
    speakers = sum(figures.get(SPEAKERS, {}).values())
    known = [value for value in figures.get(CAPACITY, {}).values() if isfinite(value)]
    if not known:  # nobody has been measured yet
        return context.target_num_replicas, {}
    return replicas_for(speakers, sum(known) / len(known)), {}


def replicas_for(speakers: float, capacity: float) -> int:
    """`capacity`: how many one replica serves."""
    return max(1, ceil(speakers / (ROOM * capacity)))
