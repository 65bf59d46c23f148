"""Gold times of spoken dictations: the synthesiser's own, never a guess."""

import numpy as np
import pytest

from benchmarks.live.gold import (
    LEAD_MS,
    SAMPLES_PER_MS,
    Dictation,
    dictation,
    dictations,
    gold_characters,
    sound_end_ms,
)
from speech.synthesizer import Speech, Voice
from speech.text import characters
from speech.types import Word

SENTENCES = ("病人服用 metformin 五百毫克", "明天早上抽血")


@pytest.fixture(scope="module")
def spoken() -> Dictation:
    return dictation("two", SENTENCES, Voice("cmn+f4", 165, 46), seed=1)


def test_every_character_that_counts_has_a_moment(spoken):
    assert spoken.text == "".join(characters(sentence) for sentence in SENTENCES)


def test_characters_end_one_after_the_other_within_their_utterance(spoken):
    ends_ms = [one.end_ms for one in spoken.characters]
    assert ends_ms == sorted(ends_ms)
    for index, utterance in enumerate(spoken.utterances):
        own = [one.end_ms for one in spoken.characters if one.utterance == index]
        assert utterance.start_ms < own[0] and own[-1] <= utterance.end_ms


def test_an_utterance_ends_with_its_sound(spoken):
    """The noise is far below the voice."""
    for utterance in spoken.utterances:
        end = utterance.end_ms * SAMPLES_PER_MS
        last = spoken.samples[end - 100 * SAMPLES_PER_MS : end]
        after = spoken.samples[end + 10 * SAMPLES_PER_MS : end + 110 * SAMPLES_PER_MS]
        assert np.abs(last).max() > 2 * np.abs(after).max()


def test_the_first_word_starts_after_the_lead(spoken):
    assert LEAD_MS <= spoken.utterances[0].start_ms < LEAD_MS + 200
    assert len(spoken.pcm) == 2 * len(spoken.samples)
    assert len(spoken.cut()) == len(SENTENCES)


def test_a_word_lasts_no_longer_than_the_sound():
    speech = Speech(np.zeros(0, np.float32), (Word("CRP", 0, 300), Word("高", 300, 900)))
    said = gold_characters(speech, end_ms=700, at_ms=1000, utterance=3)
    assert [(one.text, one.end_ms) for one in said] == [("c", 1300), ("r", 1300), ("p", 1300), ("高", 1700)]


def test_silence_behind_the_sound_is_not_speech():
    samples = np.zeros(1600, np.float32)
    samples[:800] = 0.1
    assert sound_end_ms(samples) == 49


def test_dictations_are_long_enough_and_always_the_same():
    first, again = dictations(2, 6), dictations(2, 6)
    assert all(5_000 < one.duration_ms < 20_000 for one in first)
    assert [one.said for one in first] == [one.said for one in again]
    assert np.array_equal(first[1].samples, again[1].samples)
