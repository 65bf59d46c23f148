"""Manifests: what is written is read, equal content has one hash, a bad line is named."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from speech import manifest
from speech.audio import write_flac
from speech.manifest import ManifestError, Utterance
from speech.types import Word
from tests.speech.tones import make_noise


def make_utterance(id: str = "u1", **fields) -> Utterance:
    defaults = {
        "audio_path": "a.flac",
        "start_ms": 500,
        "end_ms": 1500,
        "text": "給 Metformin",
        "speaker": "s1",
    }
    return Utterance(**{**defaults, **fields}, id=id)


def test_what_is_written_is_read(tmp_path: Path):
    utterances = [
        make_utterance("u1", words=(Word("給", 0, 200, 0.5), Word("Metformin", 200, 900)), source="human"),
        make_utterance("u2", text='換行\n和\t\u2028「引號」"'),
    ]
    digest = manifest.write(tmp_path / "m.jsonl", utterances)
    assert manifest.read(tmp_path / "m.jsonl") == utterances
    assert digest == hashlib.sha256((tmp_path / "m.jsonl").read_bytes()).hexdigest()
    assert manifest.write(tmp_path / "again.jsonl", iter(utterances)) == digest
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.jsonl", "m.jsonl"]


@pytest.mark.parametrize("line", ["nonsense", "[]", '{"text": "too few"}', '{"words": [{"x": 1}]}'])
def test_a_bad_line_is_named(tmp_path: Path, line: str):
    manifest.write(tmp_path / "m.jsonl", [make_utterance()])
    with (tmp_path / "m.jsonl").open("a") as file:
        file.write("\n" + line + "\n")
    with pytest.raises(ManifestError, match="line 3"):
        manifest.read(tmp_path / "m.jsonl")


def test_the_audio_of_an_utterance(tmp_path: Path):
    samples = make_noise(2.0)
    write_flac(tmp_path / "a.flac", samples)
    expected = samples[8_000:24_000]
    relative = manifest.load_audio(make_utterance(), tmp_path)
    absolute = manifest.load_audio(make_utterance(audio_path=str(tmp_path / "a.flac")), Path("/elsewhere"))
    assert np.allclose(relative, expected, atol=1e-4)
    assert np.array_equal(relative, absolute)
