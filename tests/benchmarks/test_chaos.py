"""Accidents that count have hit somebody; each kind that can happen is missing until it does."""

import random

from benchmarks.chaos.accidents import Accidents


class Talking:
    """`cut` leaves a trace where somebody listens."""

    def __init__(self, is_connected: bool) -> None:
        self.is_connected, self.cuts = is_connected, 0

    def cut(self) -> None:
        self.cuts += 1


async def test_only_who_speaks_is_cut_off() -> None:
    speakers = [Talking(number < 4) for number in range(50)]
    accidents = Accidents(speakers, [], None, None, random.Random(1))  # type: ignore[arg-type]
    for _ in range(20):
        await accidents.sockets_cut()
    assert sum(one.cuts for one in speakers[:4]) == 20
    assert not any(one.cuts for one in speakers[4:])


def test_what_has_not_happened_is_missing() -> None:
    accidents = Accidents([], [], None, None, random.Random(1))  # type: ignore[arg-type]
    assert accidents.missing == ["sockets_cut", "web_killed", "engine_killed"]
    accidents.happened["web_killed"] += 1
    assert accidents.missing == ["sockets_cut", "engine_killed"]
