"""What the engine is asked and what it answers. Values only."""

from dataclasses import dataclass

import numpy as np

from inference.engine.fallback import Checked
from inference.engine.queue import SAMPLE_RATE_HZ, Lane


@dataclass(frozen=True, slots=True)
class Ask:
    """One utterance. `session` is empty for somebody who asks once; `prompt` is the text before it,
    `speech_ms` how much voice the asker's VAD found in it (None: it does not know)."""

    audio: np.ndarray  # float32 (samples,), 16 kHz
    model: str = ""
    adapter: str = ""
    lane: Lane = Lane.FINAL
    session: str = ""
    language: str = "zh"
    word_times: bool = True
    prompt: str = ""
    hotwords: tuple[str, ...] = ()
    speech_ms: int | None = None
    admitted: bool = False  # another engine let this session in, or this one before it was restarted

    @property
    def is_live(self) -> bool:
        return self.lane is not Lane.BATCH and bool(self.session)

    @property
    def duration_s(self) -> float:
        return len(self.audio) / SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class Answer:
    checked: Checked
    model: str
    adapter: str
    backend: str
    pressure: int
    fallback: bool
    queue_s: float
    decode_s: float
