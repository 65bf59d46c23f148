"""When the next partial is due, measured in sound. Knows nothing of texts."""

from inference.streaming.clock import to_samples
from inference.streaming.options import DEFAULT_PARTIAL, PartialOptions

# How much rarer partials are for each degree of the engine's pressure; from the last one on there are none.
RARER_BY_PRESSURE = (1, 2, 4)


class PartialPace:
    """Where answers are slow, partials become rare: they may use half of the time, finals need the rest.

    No voice since the last one: none is due, for there is nothing new to decode.
    """

    def __init__(self, options: PartialOptions = DEFAULT_PARTIAL) -> None:
        self._options = options
        self._asked_at: int | None = None
        self._asked_speech = 0
        self._answer_took = 0  # samples that came in while the last answer was waited for
        self._rarer: int | None = 1  # None: the engine can afford none

    def begin(self) -> None:
        """A new utterance. How slow answers are is remembered."""
        self._asked_at, self._asked_speech = None, 0

    def due(self, position: int, speech: int) -> bool:
        if self._rarer is None or speech <= self._asked_speech:
            return False
        if self._asked_at is None:
            return speech >= to_samples(self._options.first_ms) * self._rarer
        wait = max(to_samples(self._options.interval_ms) * self._rarer, 2 * self._answer_took)
        return position - self._asked_at >= wait

    def asked(self, position: int, speech: int) -> None:
        self._asked_at, self._asked_speech = position, speech

    def answered(self, position: int) -> None:
        if self._asked_at is not None:
            self._answer_took = position - self._asked_at

    def pressed(self, pressure: int) -> None:
        """The engine's word, with each of its answers: 0 (not pressed) to 3."""
        self._rarer = RARER_BY_PRESSURE[pressure] if pressure < len(RARER_BY_PRESSURE) else None
