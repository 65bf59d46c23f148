"""Files as people bring them: spoken ones, tones, and files that are none."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile

from speech.backends.espeak import EspeakSynthesizer
from speech.synthesizer import Voice
from tests.factories import SAMPLE_RATE_HZ, make_tone

SENTENCES = ("病人主訴胸口悶痛已經三天", "目前服用降血壓藥物每天一次")


@lru_cache(maxsize=1)
def spoken(pause_ms: int = 1500) -> np.ndarray:
    """SENTENCES with a pause between them: two utterances."""
    voice = Voice("cmn")
    pause = np.zeros(pause_ms * SAMPLE_RATE_HZ // 1000, np.float32)
    parts = [EspeakSynthesizer().synthesize(sentence, voice).samples for sentence in SENTENCES]
    return np.concatenate([pause, parts[0], pause, parts[1], pause])


def write_sound(path: Path, samples: np.ndarray | None = None, rate_hz: int = SAMPLE_RATE_HZ) -> Path:
    soundfile.write(path, make_tone(500) if samples is None else samples, rate_hz)
    return path


def files_under(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
