"""A folder of recordings to draw from: noise, impulse responses. Any format that speech/audio.py reads."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from speech.audio import AudioDecodeError, decode
from training.pipeline.config import ConfigError

_SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".mp3"})
_KEPT_IN_MEMORY = 16  # recordings; noise of minutes, not of hours, is what should lie in the folder


class UnusableSoundError(Exception):
    """A file of the folder that cannot be read; the message names it."""


@dataclass(frozen=True, slots=True)
class Sounds:
    """Sorted, so that the same seed draws the same file on every machine. Empty is false."""

    files: tuple[Path, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.files)

    def any(self, rng: np.random.Generator) -> np.ndarray:
        """One of them, whole: (samples,) float32. Raises UnusableSoundError."""
        return _decoded(self.files[rng.integers(len(self.files))])


NO_SOUNDS = Sounds()


def sounds_in(knob: str, named: str, root: Path) -> Sounds:
    """The recordings in the folder `named`, under `root`; none when nothing is named.

    Raises ConfigError, with the knob's name, for a folder that is elsewhere, not there, or without sound.
    """
    if not named:
        return NO_SOUNDS
    folder = (root / named).resolve()
    if not folder.is_relative_to(root.resolve()):
        raise ConfigError(knob, f"{knob} must be a folder under the data folder, and {named} is outside it.")
    if not folder.is_dir():
        raise ConfigError(knob, f"{knob} names {named}, but there is no such folder under the data folder.")
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
    if not found:
        raise ConfigError(knob, f"{knob} names {named}, which holds no sound (.wav, .flac, .ogg, .mp3).")
    return Sounds(tuple(found))


@lru_cache(maxsize=_KEPT_IN_MEMORY)
def _decoded(path: Path) -> np.ndarray:
    try:
        return decode(path)[0]
    except AudioDecodeError as error:
        raise UnusableSoundError(f"{path.name} cannot be drawn from: {error}") from error
