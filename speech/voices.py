"""Which espeak voices train the bundled base, which measure it, and which people the demo hospital.

Disjoint by construction, so that every figure is of voices never heard in training. A name is
"cmn+variant"; rate and pitch are drawn beside it.
"""

import random

from speech.synthesizer import Voice

PRETRAIN_VARIANTS = (
    "", "f1", "f2", "f3", "m1", "m2", "m3", "m4", "m6", "m8",
    "Alex", "Andrea", "Andy", "Gene", "Denis", "Hugo", "Jacky", "Lee", "Mario", "Michael", "Mike",
    "Nguyen", "Reed", "adam", "anika", "antonio", "aunty", "belinda", "caleb", "ed", "edward",
    "gustave", "ian", "iven", "iven2", "john", "klatt2", "linda", "marcelo", "max", "michel",
    "norbert", "paul", "pedro", "quincy", "rob", "robert", "sandro", "steph", "steph2", "travis",
    "victor", "zac",
)  # fmt: skip
HELD_OUT_VARIANTS = ("f4", "m7", "Alicia", "david", "shelby", "boris")
DEMO_VARIANTS = ("f5", "m5", "Annie", "Gene2", "benjamin", "grandpa", "pablo", "Henrique", "Diogo", "miguel")


def espeak_name(variant: str) -> str:
    """'f3' -> 'cmn+f3'; the empty variant is the plain voice."""
    return f"cmn+{variant}" if variant else "cmn"


def draw_voice(
    rng: random.Random,
    variants: tuple[str, ...],
    rates_wpm: tuple[int, int] = (130, 230),
    pitches: tuple[int, int] = (25, 75),
) -> Voice:
    """One of the variants at a rate and a pitch drawn evenly from the (inclusive) ranges."""
    return Voice(espeak_name(rng.choice(variants)), rng.randint(*rates_wpm), rng.randint(*pitches))
