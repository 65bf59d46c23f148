"""espeak: 16 kHz speech, a time for every word, the same samples every time."""

import multiprocessing
import threading

import numpy as np
import pytest

from speech.backends.espeak import SAMPLE_RATE_HZ, EspeakError, EspeakSynthesizer
from speech.synthesizer import Voice
from speech.voices import DEMO_VARIANTS, HELD_OUT_VARIANTS, PRETRAIN_VARIANTS, espeak_name

SENTENCE = "明天早上抽血 CRP 是三點五 有 sign DNR 給 Metformin"
UNITS = [*"明天早上抽血", "CRP", *"是三點五有", "sign", "DNR", "給", "Metformin"]


def say(text: str = SENTENCE, voice: Voice | None = None):
    return EspeakSynthesizer().synthesize(text, voice or Voice("cmn"))


def sum_of(text: str) -> float:
    return float(np.abs(say(text).samples).sum())


def test_it_speaks_at_sixteen_kilohertz():
    speech = say()
    assert speech.samples.dtype == np.float32
    assert speech.samples.ndim == 1
    assert 2.0 < len(speech.samples) / SAMPLE_RATE_HZ < 7.0
    assert 0.1 < np.abs(speech.samples).max() <= 1.0


def test_every_hanzi_and_every_latin_word_has_its_time():
    speech = say()
    assert [word.text for word in speech.words] == UNITS
    for before, after in zip(speech.words, speech.words[1:], strict=False):
        assert before.start_ms < before.end_ms <= after.start_ms
    assert speech.words[0].start_ms >= 0
    assert speech.words[-1].end_ms <= len(speech.samples) * 1000 // SAMPLE_RATE_HZ


def test_there_is_sound_inside_every_word():
    speech = say()
    for word in speech.words:
        inside = speech.samples[word.start_ms * 16 : word.end_ms * 16]
        assert np.sqrt(np.mean(inside**2)) > 0.005, word


def test_a_pause_belongs_to_no_word():
    speech = say("今天, 明天")
    assert speech.words[1].end_ms + 50 < speech.words[2].start_ms


def test_the_same_words_give_the_same_samples():
    np.testing.assert_array_equal(say().samples, say().samples)
    first = say().samples
    say("另外一句", Voice("cmn+f2", 220, 70))
    np.testing.assert_array_equal(first, say().samples)


def test_rate_and_voice_are_heard():
    slow, fast = (say(voice=Voice("cmn", rate)).samples for rate in (130, 220))
    assert len(slow) > 1.3 * len(fast)
    assert not np.array_equal(say(voice=Voice("cmn+f2")).samples, say().samples)


def test_an_unknown_voice_and_an_empty_text_are_refused():
    with pytest.raises(EspeakError, match="no such voice"):
        say(voice=Voice("nobody"))
    with pytest.raises(EspeakError, match="no sound"):
        say("")


def test_threads_share_the_engine_safely():
    expected = [sum_of(text) for text in ("今天", "明天早上")]
    got: dict[int, list[float]] = {}

    def work(index: int) -> None:
        got[index] = [sum_of(("今天", "明天早上")[index]) for _ in range(5)]

    threads = [threading.Thread(target=work, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == {index: [expected[index]] * 5 for index in range(2)}


def test_worker_processes_have_their_own_engine():
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        sums = pool.map(sum_of, ["今天", "明天早上"])
    assert sums == [sum_of("今天"), sum_of("明天早上")]


def test_the_casts_are_disjoint_and_all_can_speak():
    casts = [set(PRETRAIN_VARIANTS), set(HELD_OUT_VARIANTS), set(DEMO_VARIANTS)]
    assert len(set.union(*casts)) == sum(len(cast) for cast in casts)
    for variant in set.union(*casts):
        assert len(say("你好", Voice(espeak_name(variant))).words) == 2


def test_phonemes_fill_the_words():
    speech, phonemes = EspeakSynthesizer().synthesize_with_phonemes(SENTENCE, Voice("cmn"))
    assert [p.start_ms for p in phonemes] == sorted(p.start_ms for p in phonemes)
    assert phonemes[-1].end_ms <= len(speech.samples) * 1000 // SAMPLE_RATE_HZ
    for word in speech.words:
        inside = [p for p in phonemes if word.start_ms - 1 <= p.start_ms < word.end_ms]
        assert any(not p.text.startswith("_") for p in inside), word
