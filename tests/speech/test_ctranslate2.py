"""CTranslate2 beside transformers on the bundled model: the same text, doubts and times."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from speech.backends import ct2_folder, ctranslate2, whisper_base
from speech.metrics import cer
from speech.recognizer import DecodeOptions, ModelLoadError, Recognizer, UnknownLanguageError, load
from tests.speech.test_bundled_model import MODEL, say_all

pytestmark = pytest.mark.skipif(
    not (MODEL / "model.safetensors").is_file(), reason=f"needs the bundled model in {MODEL}"
)
PADDED = DecodeOptions(window="padded")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def exact(cache: Path) -> Recognizer:
    """In float32, as exact as transformers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUSCULT_DATA_DIR", str(cache))
        return ctranslate2.load(str(MODEL), device="cpu", compute_type="float32")


@pytest.fixture(scope="module")
def sounds() -> list[np.ndarray]:
    return say_all()[1][:12]


def test_it_hears_what_transformers_hears(exact: Recognizer, sounds: list[np.ndarray]):
    few = sounds[:4]  # one batch, and so one window, for both
    ours, theirs = exact.transcribe(few), load(str(MODEL), "transformers").transcribe(few)
    assert [one.text for one in ours] == [one.text for one in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert one.avg_logprob == pytest.approx(other.avg_logprob, abs=1e-4)
        assert one.no_speech_prob == pytest.approx(other.no_speech_prob, abs=1e-4)
        assert [token.rivals for token in one.tokens] == [token.rivals for token in other.tokens]
        for word, same in zip(one.words, other.words, strict=True):
            assert word.probability == pytest.approx(same.probability, abs=1e-3)
            assert word.entropy == pytest.approx(same.entropy, abs=1e-3)
            assert word.margin == pytest.approx(same.margin, abs=1e-2)
            assert abs(word.start_ms - same.start_ms) <= 100 and abs(word.end_ms - same.end_ms) <= 100


def test_a_window_of_as_many_positions_as_there_are_mels_is_encoded_once(exact: Recognizer, sounds):
    """CTranslate2 takes encoder output of (rows, 80, width) for features of 80 mels."""
    samples = sounds[0][: (1_600 - whisper_base.MARGIN_MS) * 16]
    (ours,), (theirs,) = exact.transcribe([samples]), load(str(MODEL), "transformers").transcribe([samples])
    assert ours.text == theirs.text
    assert ours.avg_logprob == pytest.approx(theirs.avg_logprob, abs=1e-4)


def test_a_batch_hears_what_each_alone_is_heard_as(exact: Recognizer, sounds: list[np.ndarray]):
    together = exact.transcribe(sounds[:4], PADDED)
    for samples, one in zip(sounds, together, strict=False):
        (alone,) = exact.transcribe([samples], PADDED)
        assert alone.text == one.text
        assert alone.avg_logprob == pytest.approx(one.avg_logprob, abs=1e-4)
        for word, same in zip(alone.words, one.words, strict=True):
            assert abs(word.start_ms - same.start_ms) <= 20


def test_each_row_of_a_batch_has_options_of_its_own(exact: Recognizer, sounds, monkeypatch):
    """Prompts of several lengths, another language, none: as each alone."""
    monkeypatch.setattr(exact, "takes_prompt", True)
    options = [
        PADDED,
        replace(PADDED, prompt="血壓偏高。"),
        replace(PADDED, prompt_terms=("Metformin",), prompt="今天"),
        replace(PADDED, language="en"),
    ]
    batch = sounds[:4]
    together = exact.transcribe(batch, options)
    for samples, one, own in zip(batch, together, options, strict=True):
        (alone,) = exact.transcribe([samples], own)
        assert (alone.text, alone.language) == (one.text, own.language)
        assert alone.avg_logprob == pytest.approx(one.avg_logprob, abs=1e-4)


def test_a_model_that_never_saw_a_prompt_is_told_nothing(exact: Recognizer, sounds: list[np.ndarray]):
    told = exact.transcribe(sounds[:2], DecodeOptions(prompt="今天天氣很好", prompt_terms=("血壓",)))
    assert [one.text for one in told] == [one.text for one in exact.transcribe(sounds[:2])]


def test_what_leaks_from_the_prompt_is_decoded_again(exact: Recognizer, sounds, monkeypatch):
    """Every prompt is taken for leaked here."""
    (plain,) = exact.transcribe(sounds[:1], PADDED)
    monkeypatch.setattr(exact, "takes_prompt", True)
    monkeypatch.setattr(whisper_base, "prompt_leaked", lambda text, terms, before: bool(before))
    told = exact.transcribe(sounds[:1], replace(PADDED, prompt="今天天氣很好"))[0]
    assert told.text == plain.text and told.avg_logprob == pytest.approx(plain.avg_logprob, abs=1e-4)


def test_a_budget_ends_a_loop(exact: Recognizer, sounds: list[np.ndarray]):
    (heard,) = exact.transcribe(sounds[:1], DecodeOptions(max_new_tokens=3))
    whole = exact.transcribe(sounds[:1])[0]
    assert len(heard.tokens) <= 3 < len(whole.tokens)
    assert [t.logprob for t in heard.tokens] == pytest.approx(
        [t.logprob for t in whole.tokens[: len(heard.tokens)]], abs=1e-4
    )


def test_no_times_no_words(exact: Recognizer, sounds: list[np.ndarray]):
    (heard,) = exact.transcribe(sounds[:1], DecodeOptions(word_times=False))
    assert heard.text and heard.tokens and not heard.words


def test_dictation_longer_than_it_was_tuned_for_is_cut_at_pauses(exact: Recognizer):
    """Sentence after sentence: in one window the bundled model hears the first of them only."""
    texts, sounds, _ = say_all()
    pause = np.zeros(12_000, np.float32)
    whole = np.concatenate([part for sound in sounds[:12] for part in (sound, pause)])
    (heard,) = exact.transcribe([whole])
    starts = [word.start_ms for word in heard.words]
    assert len(whole) > 20 * 16_000 and starts == sorted(starts)
    assert starts[-1] > len(whole) // 16 - 5_000
    assert cer(" ".join(texts[:12]), heard.text).rate < 0.25


def test_auto_finds_a_language_for_each(exact: Recognizer, sounds: list[np.ndarray]):
    heard = exact.transcribe(sounds, DecodeOptions(language="auto"))
    assert sum(one.language == "zh" for one in heard) > len(sounds) / 2
    with pytest.raises(UnknownLanguageError):
        exact.transcribe(sounds[:1], DecodeOptions(language="xx"))
    assert exact.knows_language("en") and not exact.knows_language("xx")


def test_silence_and_nothing_are_heard_without_error(exact: Recognizer):
    assert exact.transcribe([]) == []
    assert len(exact.transcribe([np.zeros(16_000, np.float32), np.zeros(0, np.float32)])) == 2


def test_int8_hears_nearly_the_same(exact: Recognizer, sounds: list[np.ndarray]):
    small = load(str(MODEL), "auto", device="cpu")
    assert small.backend == "ctranslate2" and small.compute_type.startswith("int8")
    pairs = zip(small.transcribe(sounds), exact.transcribe(sounds), strict=True)
    assert sum(one.text == other.text for one, other in pairs) >= len(sounds) - 1


def test_a_model_is_converted_once(cache: Path, exact: Recognizer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AUSCULT_DATA_DIR", str(cache))
    monkeypatch.setattr(ct2_folder.subprocess, "run", lambda *a, **k: pytest.fail("converted again"))
    again = ctranslate2.load(str(MODEL), device="cpu", compute_type="float32")
    assert again.compute_type == "float32"
    left = [path.name for path in (cache / "cache" / "ctranslate2").iterdir()]
    assert not [name for name in left if name.startswith(".")], "no half-made folder stays"


def test_it_says_why_a_model_does_not_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AUSCULT_DATA_DIR", str(tmp_path / "data"))
    with pytest.raises(ModelLoadError, match="no model folder"):
        load(str(tmp_path / "nowhere"), "ctranslate2")
    (tmp_path / "config.json").write_text('{"model_type": "whisper"}')
    with pytest.raises(ModelLoadError, match="could not be loaded"):
        load(str(tmp_path), "ctranslate2")
    with pytest.raises(ModelLoadError, match="no backend"):
        load(str(MODEL), "onnx")


def test_who_decodes_with_it_never_imports_torch(cache: Path, exact: Recognizer):
    code = (
        "import os, sys, numpy; from speech.backends import ctranslate2\n"
        f"model = ctranslate2.load({str(MODEL)!r}, device='cpu', compute_type='float32')\n"
        "model.transcribe([numpy.zeros(16000, numpy.float32)])\nprint('torch' in sys.modules)"
    )
    env = {"AUSCULT_DATA_DIR": str(cache), "PYTHONPATH": ":".join(sys.path), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.stdout.strip() == "False", done.stderr
