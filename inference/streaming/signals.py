"""What the endpointer says of the voice. Positions and lengths are samples from the session's beginning."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Started:
    start: int


@dataclass(frozen=True, slots=True)
class Paused:
    start: int
    end: int
    speech: int


@dataclass(frozen=True, slots=True)
class Resumed:
    pass


@dataclass(frozen=True, slots=True)
class Ended:
    start: int
    end: int
    speech: int
    speech_end: int


Signal = Started | Paused | Resumed | Ended
