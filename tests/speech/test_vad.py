"""Voice activity: real or synthetic speech in silence is found, streams equal files, spans by rule."""

import numpy as np
import pytest

from speech.backends.espeak import EspeakSynthesizer
from speech.synthesizer import Voice
from speech.types import Span
from speech.vad import (
    FRAME_SAMPLES,
    StreamingVad,
    VadOptions,
    padded_spans,
    shared_model,
    spans_of,
    speech_spans,
)
from tests.speech.tones import make_noise, make_tone


def say(text: str) -> np.ndarray:
    return EspeakSynthesizer().synthesize(text, Voice("cmn")).samples


def make_recording() -> tuple[np.ndarray, list[Span]]:
    """Two sentences with 1.5 s of faint noise before, between and after them, and where they are."""
    pause = make_noise(1.5, 1e-4)
    first, second = say("病人今天血壓正常"), say("請給他止痛藥")
    samples = np.concatenate([pause, first, pause, second, pause])
    second_start_ms = 3000 + len(first) // 16
    return samples, [
        Span(1500, 1500 + len(first) // 16),
        Span(second_start_ms, second_start_ms + len(second) // 16),
    ]


def test_it_finds_the_sentences():
    samples, sentences = make_recording()
    found = speech_spans(samples)
    assert len(found) == 2
    for span, sentence in zip(found, sentences, strict=True):
        assert abs(span.start_ms - sentence.start_ms) < 250
        assert abs(span.end_ms - sentence.end_ms) < 450, "espeak leaves some silence behind a sentence"


@pytest.mark.parametrize(
    "samples", [np.zeros(32_000, np.float32), make_noise(3, 0.05), make_tone(3), np.zeros(0)]
)
def test_what_is_no_speech_is_not_found(samples: np.ndarray):
    assert speech_spans(samples.astype(np.float32)) == []


def test_a_stream_gives_the_probabilities_of_the_file():
    samples, _ = make_recording()
    whole = shared_model().probabilities(samples)
    assert len(whole) == -(-len(samples) // FRAME_SAMPLES)
    frames = np.pad(samples, (0, -len(samples) % FRAME_SAMPLES)).reshape(-1, FRAME_SAMPLES)
    stream = StreamingVad()
    assert np.allclose([stream.push(frame) for frame in frames], whole, atol=1e-4)
    stream.reset()
    assert stream.push(frames[0]) == pytest.approx(float(whole[0]), abs=1e-4)


def test_two_streams_do_not_disturb_each_other():
    samples, _ = make_recording()
    frames = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)[40:80]
    alone, with_company, company = StreamingVad(), StreamingVad(), StreamingVad()
    expected = [alone.push(frame) for frame in frames]
    heard = []
    for frame in frames:
        heard.append(with_company.push(frame))
        company.push(make_noise(FRAME_SAMPLES / 16_000, 0.1))
    assert heard == expected


def test_a_frame_of_another_length_is_refused():
    with pytest.raises(ValueError, match="512"):
        StreamingVad().push(np.zeros(160, np.float32))


BARE = VadOptions(min_speech_ms=0, min_silence_ms=0, pad_ms=0)


@pytest.mark.parametrize(
    ("probabilities", "options", "expected"),
    [
        ([], BARE, []),
        ([0.1, 0.2, 0.1], BARE, []),
        ([0.9, 0.9], BARE, [(0, 64)]),
        ([0.1, 0.9, 0.4, 0.4, 0.9, 0.1], BARE, [(32, 160)]),
        ([0.1, 0.4, 0.9, 0.1], BARE, [(64, 96)]),
        ([0.9, 0.1, 0.9], VadOptions(min_speech_ms=0, min_silence_ms=64, pad_ms=0), [(0, 96)]),
        (
            [0.9, 0.1, 0.1, 0.9],
            VadOptions(min_speech_ms=0, min_silence_ms=64, pad_ms=0),
            [(0, 32), (96, 128)],
        ),
        ([0.1, 0.9, 0.1], VadOptions(min_speech_ms=64, min_silence_ms=0, pad_ms=0), []),
        ([0.1, 0.9, 0.1], VadOptions(min_speech_ms=0, min_silence_ms=0, pad_ms=16), [(16, 80)]),
    ],
)
def test_probabilities_become_spans(probabilities: list[float], options: VadOptions, expected: list):
    spans = spans_of(np.array(probabilities), len(probabilities) * 32, options)
    assert [(span.start_ms, span.end_ms) for span in spans] == expected


def test_padding_stops_at_the_middle_of_a_gap_and_at_the_ends():
    spans = [Span(50, 200), Span(260, 400), Span(900, 990)]
    assert padded_spans(spans, 100, 1000) == [Span(0, 230), Span(230, 500), Span(800, 1000)]
