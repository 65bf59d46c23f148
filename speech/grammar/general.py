"""Everyday Traditional Chinese of Taiwan, English and mixed sentences, drawn from a written grammar."""

import random

from speech.grammar.templates import Grammar, load_rules


def general_grammar() -> Grammar:
    """The rules of data/general.tsv and data/general_en.tsv together."""
    return Grammar({**load_rules("general"), **load_rules("general_en")})


def general_sentence(rng: random.Random) -> str:
    """One everyday sentence: about 70 % Chinese, 12 % English, the rest mixed, numbers and letters."""
    return general_grammar().draw(rng)
