"""The sentences of pretraining: everyday and clinical, none of them held out."""

import random

from speech.grammar import PRETRAIN_LEXICON, clinical_sentence, general_sentence, is_held_out

CLINICAL_SHARE = 0.3
CONCATENATION_SHARE = 0.06


def training_sentence(rng: random.Random, longest: int, concatenations: bool = False) -> str:
    """A sentence of at most `longest` characters that may be trained on; sometimes several run together."""
    if concatenations and rng.random() < CONCATENATION_SHARE:
        return " ".join(training_sentence(rng, 40) for _ in range(rng.randint(2, 3)))
    while True:
        clinical = rng.random() < CLINICAL_SHARE
        text = clinical_sentence(rng, PRETRAIN_LEXICON) if clinical else general_sentence(rng)
        if len(text) <= longest and not is_held_out(text):
            return text
