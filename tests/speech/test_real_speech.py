"""Real recordings through decoding, levelling, VAD and cutting. What they say is not asked here."""

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from speech.audio import decode, normalise_loudness, peaks, read_flac, write_flac
from speech.loudness import integrated_lufs
from speech.quality import measure
from speech.segment import utterances
from speech.vad import speech_spans

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("AUSCULT_SHARED_DATA", ROOT.parent / "shared" / "data"))
pytestmark = pytest.mark.skipif(
    not (DATA / "speech").is_dir(), reason=f"needs the real recordings in {DATA}/speech (AUSCULT_SHARED_DATA)"
)


def clips(pattern: str, every: int = 1) -> list[Path]:
    return sorted((DATA).glob(pattern))[::every]


def names(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", clips("speech/clips/*") + clips("speech/ljspeech/*.flac", 30), ids=names)
def test_sentences_become_utterances(path: Path, tmp_path: Path):
    samples, info = decode(path)
    levelled, _ = normalise_loudness(samples)
    write_flac(tmp_path / "copy.flac", levelled)
    copy = read_flac(tmp_path / "copy.flac")
    assert len(copy) == len(samples)
    assert np.abs(copy).max() <= 0.9
    assert -45 < integrated_lufs(copy) < -22.9
    assert len(peaks(copy)) == -(-len(copy) // 320)
    found = utterances(copy, speech_spans(copy))
    assert found, "every one of these clips is speech"
    assert sum(span.duration_ms for span in found) > 0.5 * info.duration_ms
    assert all(a.end_ms <= b.start_ms for a, b in pairwise(found))
    quality = measure(copy)
    assert quality.snr_db > 5
    assert quality.bandwidth_hz > 2500
    assert quality.clipping_ratio < 0.01


@pytest.mark.parametrize("path", clips("speech/hsk_words/*", 10), ids=names)
def test_single_words_become_one_utterance(path: Path):
    samples, _ = decode(path)
    found = utterances(samples, speech_spans(normalise_loudness(samples)[0]))
    assert len(found) <= 2


@pytest.mark.parametrize("path", clips("acoustic/noise/*rain*") + clips("acoustic/noise/*clock*"), ids=names)
def test_noise_is_not_speech(path: Path):
    samples, info = decode(path)
    spoken_ms = sum(span.duration_ms for span in speech_spans(normalise_loudness(samples)[0]))
    assert spoken_ms < 0.2 * info.duration_ms
