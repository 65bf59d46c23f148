"""Short utterances of one speaker joined to long ones: nearly the gain of short windows, at full windows.

As distil-whisper does (Gandhi et al. 2023, arXiv 2311.00430). An alternative to windows as long as the speech
for bases that must not leave the full window; also shows the model more than one sentence at a time.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from speech import manifest
from speech.audio import SAMPLE_RATE_HZ, write_flac
from speech.manifest import Utterance
from speech.text import prepare_label

PAUSE_MS = 300  # between two utterances; people breathe


def groups(
    utterances: Sequence[Utterance], longest_ms: int, fits: Callable[[str], bool]
) -> Iterator[list[Utterance]]:
    """In their order, of one speaker and one source each; a group fits the window and the decoder."""
    by_speaker: dict[tuple[str, str], list[Utterance]] = defaultdict(list)
    for one in utterances:
        by_speaker[one.speaker, one.source].append(one)
    for own in by_speaker.values():
        group: list[Utterance] = []
        for one in own:
            longer = [*group, one]
            length_ms = sum(part.duration_ms for part in longer) + PAUSE_MS * (len(longer) - 1)
            if group and (length_ms > longest_ms or not fits(joined_text(longer))):
                yield group
                longer = [one]
            group = longer
        yield group


def joined_text(group: Sequence[Utterance]) -> str:
    return prepare_label(" ".join(one.text for one in group))


def pack(
    utterances: Sequence[Utterance], root: Path, target: Path, longest_s: float, fits: Callable[[str], bool]
) -> list[Utterance]:
    """Writes the joined sound under `target` -> an utterance a group; a group of one stays as it was."""
    target.mkdir(parents=True, exist_ok=True)
    packed = []
    for number, group in enumerate(groups(utterances, round(longest_s * 1000), fits)):
        if len(group) == 1:
            packed.append(group[0])
            continue
        path = target / f"{number}.flac"
        samples = _joined([manifest.load_audio(one, root) for one in group])
        write_flac(path, samples)
        packed.append(
            replace(
                group[0],
                audio_path=str(path),
                start_ms=0,
                end_ms=len(samples) * 1000 // SAMPLE_RATE_HZ,
                text=joined_text(group),
                id=f"{group[0].id} +{len(group) - 1}",
                words=(),
            )
        )
    return packed


def _joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    """(samples,) with silence between."""
    pause = np.zeros(PAUSE_MS * SAMPLE_RATE_HZ // 1000, np.float32)
    pieces = [piece for part in parts for piece in (pause, part)]
    return np.concatenate(pieces[1:])
