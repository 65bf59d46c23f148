"""Writes the demo hospital's sentences: what is dictated, what is scored, what is replayed. Pure."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from speech.grammar import DEMO_LEXICON, clinical_sentence, general_sentence, held_out_sentence, is_held_out
from speech.synthesizer import Voice
from speech.text import characters
from speech.voices import PRETRAIN_VARIANTS, draw_voice
from training.demo.cast import (
    GENERAL_SET_SPEAKERS,
    HOME_CHANNELS,
    MEDICAL_SET_SPEAKERS,
    RECORDED_SPEAKERS,
    SITES,
)
from training.demo.scenes import Scene, assign

SENTENCES_PER_RECORDING = (5, 9)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is made. The defaults are the demo hospital's; tests make a small one."""

    recordings: int = 90
    medical_set: int = 120
    general_set: int = 120
    replay: int = 1500
    dictations: int = 3


SMALL = Sizes(recordings=9, medical_set=16, general_set=16, replay=60)


@dataclass(frozen=True, slots=True)
class Script:
    recordings: list[Scene]
    medical_set: list[Scene]
    general_set: list[Scene]
    replay: list[Scene]
    dictations: list[Scene]


def write_script(sizes: Sizes, seed: int = 20) -> Script:
    """The whole demo from one seed; no sentence stands in two of its parts."""
    rng = random.Random(seed)
    used: set[str] = set()

    def medical() -> str:
        return _fresh(lambda: clinical_sentence(rng, DEMO_LEXICON), used)

    def unheard() -> str:
        return _fresh(lambda: held_out_sentence(rng), used)

    def general() -> str:
        return _fresh(lambda: trained_on(rng), used)

    channels = tuple(site.channel for site in SITES)
    # The sets come first: a larger demo keeps the same frozen references.
    medical_set = assign(
        (medical() for _ in range(sizes.medical_set)), MEDICAL_SET_SPEAKERS, channels, "medical"
    )
    general_set = assign(
        (unheard() for _ in range(sizes.general_set)), GENERAL_SET_SPEAKERS, HOME_CHANNELS, "general"
    )
    voices = tuple(draw_voice(rng, PRETRAIN_VARIANTS) for _ in range(40))
    return Script(
        recordings=[_recording(i, rng, medical) for i in range(sizes.recordings)],
        medical_set=medical_set,
        general_set=general_set,
        replay=assign((general() for _ in range(sizes.replay)), voices, HOME_CHANNELS, "replay"),
        dictations=[
            Scene(f"dictation-{i + 1}", (medical(), medical()), RECORDED_SPEAKERS[i % 6], channels[0])
            for i in range(sizes.dictations)
        ],
    )


def _recording(index: int, rng: random.Random, sentence: Callable[[], str]) -> Scene:
    site = SITES[index % len(SITES)]
    voice: Voice = RECORDED_SPEAKERS[(index // len(SITES)) % len(RECORDED_SPEAKERS)]
    count = rng.randint(*SENTENCES_PER_RECORDING)
    name = f"{site.slug}-{index + 1:03}"
    return Scene(name, tuple(sentence() for _ in range(count)), voice, site.channel, site.slug)


def trained_on(rng: random.Random) -> str:
    """General speech of the kind that the base was trained on: never a sentence that was held out."""
    while is_held_out(sentence := general_sentence(rng)):
        pass
    return sentence


def _fresh(draw: Callable[[], str], used: set[str]) -> str:
    """A sentence that was not drawn before. Raises RuntimeError when the grammar is spent."""
    for _ in range(1000):
        sentence = draw()
        key = characters(sentence)
        if key not in used:
            used.add(key)
            return sentence
    raise RuntimeError("the grammar has no fresh sentence left")
