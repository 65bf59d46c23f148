"""The sentences of pretraining: everyday and clinical, none of them held out."""

import random

from speech.grammar import PRETRAIN_LEXICON, clinical_sentence, general_sentence, is_held_out
from speech.grammar.general import general_grammar

CLINICAL_SHARE = 0.3
ENGLISH_SHARE = 0.1  # beside the English of the general sentences
CONCATENATION_SHARE = 0.06


def training_sentence(rng: random.Random, longest: int, concatenations: bool = False) -> str:
    """A sentence of at most `longest` characters that may be trained on; sometimes several run together."""
    if concatenations and rng.random() < CONCATENATION_SHARE:
        return " ".join(training_sentence(rng, 40) for _ in range(rng.randint(2, 3)))
    while True:
        text = _draw(rng)
        if len(text) <= longest and not is_held_out(text):
            return text


def _draw(rng: random.Random) -> str:
    kind = rng.random()
    if kind < CLINICAL_SHARE:
        return clinical_sentence(rng, PRETRAIN_LEXICON)
    if kind < CLINICAL_SHARE + ENGLISH_SHARE:
        return general_grammar().draw(rng, "english")
    return general_sentence(rng)
