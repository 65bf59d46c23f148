"""A label is doubted where a model that is known to be right there heard something else."""

import numpy as np
import pytest

from annotation.ranking.calibration import Calibration
from annotation.ranking.label_errors import label_wrong, places
from annotation.ranking.words import FEATURES, Heard
from speech.text import normalise
from speech.types import Hypothesis, Word

# Trusts the recogniser's own odds as they are.
AS_IT_SAYS = Calibration(tuple(-1.0 if name == "log_odds" else 0.0 for name in FEATURES), 0.0)


def heard(text: str, sure: float = 0.999, **of_words: float) -> Heard:
    """Words of 200 ms one after another; `of_words` are less sure, or surer."""
    parts = text.split()
    words = tuple(
        Word(part, 200 * at, 200 * at + 200, of_words.get(part, sure)) for at, part in enumerate(parts)
    )
    return Heard(Hypothesis("".join(parts), words=words), speech_ms=200 * len(parts))


def test_a_label_that_says_what_the_model_heard_is_not_doubted() -> None:
    assert label_wrong("病人頭痛", heard("病 人 頭 痛"), AS_IT_SAYS) == 0.0
    assert label_wrong("病人头痛。", heard("病 人 頭 痛"), AS_IT_SAYS) == 0.0


def test_the_surer_the_model_the_likelier_the_label_is_wrong() -> None:
    scores = [
        label_wrong("病人頭通", heard("病 人 頭 痛", 痛=sure), AS_IT_SAYS) for sure in (0.5, 0.9, 0.99, 0.999)
    ]
    assert scores == sorted(scores) and scores[0] < 0.02 and scores[-1] > 0.8


def test_another_drug_is_one_place() -> None:
    found = places("給Metformin五百", heard("給 morphine 五 百"), AS_IT_SAYS)
    assert [(place.label, place.heard) for place in found] == [("metformin", "morphine")]
    assert label_wrong("給Metformin五百", heard("給 morphine 五 百"), AS_IT_SAYS) > 0.5
    assert label_wrong("給Metformin五百", heard("給 morphine 五 百", morphine=0.6), AS_IT_SAYS) < 0.1


def test_a_word_that_the_label_leaves_out_is_found() -> None:
    found = places("病人痛", heard("病 人 頭 痛"), AS_IT_SAYS)
    assert [(place.label, place.heard) for place in found] == [("", normalise("頭"))]
    assert label_wrong("病人痛", heard("病 人 頭 痛"), AS_IT_SAYS) > 0.8


def test_a_word_without_sound_is_doubted_unless_a_pause_has_room_for_it() -> None:
    close = heard("病 人 痛")
    assert label_wrong("病人頭痛", close, AS_IT_SAYS) > 0.5
    words = close.hypothesis.words
    later = Word("痛", 1200, 1400, 0.999)
    apart = Heard(Hypothesis("病人痛", words=(*words[:2], later)), speech_ms=1400)
    assert label_wrong("病人頭痛", apart, AS_IT_SAYS) < 0.05


def test_a_model_that_heard_nothing_says_nothing() -> None:
    assert label_wrong("病人頭痛", Heard(Hypothesis(""), speech_ms=1000), AS_IT_SAYS) == 0.0
    assert label_wrong("", Heard(Hypothesis(""), speech_ms=0), AS_IT_SAYS) == 0.0


@pytest.mark.parametrize("seed", range(30))
def test_whatever_the_texts_it_is_a_probability_and_the_places_join_to_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    label = "".join(rng.choice(list("病人頭痛發燒咳嗽"), rng.integers(0, 12)))
    spoken = list(rng.choice(list("病人頭痛發燒咳嗽"), rng.integers(0, 12)))
    sound = heard(" ".join(spoken), float(rng.uniform(0, 1)))
    assert 0.0 <= label_wrong(label, sound, AS_IT_SAYS) <= 1.0
    found = places(label, sound, AS_IT_SAYS)
    gone = sum(len(place.label.split()) for place in found)
    assert len(label) - gone == len(spoken) - sum(len(place.heard.split()) for place in found)
