"""Who may begin to speak, and how much is left out for those who do. Pure: measurements and times go in.

Finals decide how many fit: they are owed to everybody who was let in. Partials take what is left, and
`pressure` thins them out first. Both decisions change only when a measurement holds for a while, and go
back later than they came, so that nothing flickers. Design read in RealtimeSTT's server; the capacity here is
measured, not configured.
"""

from dataclasses import dataclass, field
from math import exp

from inference.engine.load import Measured

MOST_PRESSURE = 3


@dataclass(frozen=True, slots=True)
class AdmissionOptions:
    finals_share: float = 0.6  # of the device's time; the rest is for partials and for bursts
    busy_high: float = 0.85  # above it pressure rises
    busy_low: float = 0.6  # below it pressure falls
    wait_high_s: float = 1.0  # a final that waits longer than this is pressure, too
    rise_after_s: float = 8.0  # as long as the meter's window: each step is judged by its own time
    fall_after_s: float = 16.0
    reopen_below: float = 0.85  # of the capacity
    smoothing_s: float = 30.0
    retry_after_s: float = 5.0
    remembered_s: float = 1800.0  # a session that was let in stays so through a long silence


@dataclass(slots=True)
class Admission:
    """update() with every new measurement, admit() before a session's request."""

    options: AdmissionOptions = AdmissionOptions()
    pressure: int = 0
    is_full: bool = False
    active: int = 0
    _cost: float | None = None  # share of the device that one speaker's finals take
    _has_learned: bool = False  # from people
    _updated_s: float | None = None
    _high_since_s: float | None = None
    _low_since_s: float | None = None
    _let_in_s: dict[str, float] = field(default_factory=dict)

    @property
    def capacity(self) -> float:
        """Speakers; infinite before anything was measured."""
        return self.options.finals_share / self._cost if self._cost else float("inf")

    def estimate(self, real_time_factor: float) -> None:
        """A first idea before anybody spoke: somebody who speaks without a pause costs this much.

        The least of several counts: what is decoded first also pays for what is decoded once.
        """
        if not self._has_learned and real_time_factor > 0:
            self._cost = min(self._cost or real_time_factor, real_time_factor)

    def update(self, measured: Measured, now_s: float) -> None:
        elapsed_s = now_s - self._updated_s if self._updated_s is not None else 0.0
        self._updated_s = now_s
        self.active = measured.speakers + measured.promised
        if measured.speakers and measured.finals_share:
            self._learn(measured.finals_share / measured.speakers, elapsed_s)
        self._press(measured, now_s)
        self._open_or_close()

    def admit(self, session: str, now_s: float, was_admitted: bool = False) -> bool:
        """May this session be served? One that was let in, here or elsewhere, always may."""
        if self.is_full and not was_admitted and session not in self._let_in_s:
            return False
        self._let_in_s[session] = now_s
        if len(self._let_in_s) > 2 * max(64, self.active):
            limit_s = now_s - self.options.remembered_s
            self._let_in_s = {one: at_s for one, at_s in self._let_in_s.items() if at_s > limit_s}
        return True

    def _learn(self, cost: float, elapsed_s: float) -> None:
        self._has_learned = True
        weight = 1.0 if self._cost is None else 1 - exp(-elapsed_s / self.options.smoothing_s)
        self._cost = cost if self._cost is None else self._cost + weight * (cost - self._cost)

    def _press(self, measured: Measured, now_s: float) -> None:
        options = self.options
        waits = measured.final_wait_s > options.wait_high_s
        is_high = measured.busy_share > options.busy_high or waits
        is_low = measured.busy_share < options.busy_low and not waits
        self._high_since_s = (
            (now_s if self._high_since_s is None else self._high_since_s) if is_high else None
        )
        self._low_since_s = (now_s if self._low_since_s is None else self._low_since_s) if is_low else None
        if self._high_since_s is not None and now_s - self._high_since_s >= options.rise_after_s:
            self.pressure = min(MOST_PRESSURE, self.pressure + 1)
            self._high_since_s = now_s
        if self._low_since_s is not None and now_s - self._low_since_s >= options.fall_after_s:
            self.pressure = max(0, self.pressure - 1)
            self._low_since_s = now_s

    def _open_or_close(self) -> None:
        """The first speaker is always let in: somebody must be served, however slow the machine is."""
        is_exhausted = self.pressure == MOST_PRESSURE and self._high_since_s is not None
        if self.active >= max(1.0, self.capacity) or (is_exhausted and self.active):
            self.is_full = True
        elif self.active < max(1.0, self.capacity * self.options.reopen_below) and not is_exhausted:
            self.is_full = False
