"""Text grammars: sentences in spoken form, written by this project, copied from nowhere.

Pure: a random generator in, a string out. Numbers are in Chinese numerals or English words,
abbreviations in capitals, one space between hanzi and Latin words, no punctuation.
"""

from speech.grammar.clinical import DEMO_LEXICON, PRETRAIN_LEXICON, ClinicalLexicon, clinical_sentence
from speech.grammar.general import general_sentence
from speech.grammar.held_out import held_out_sentence, is_held_out

__all__ = [
    "DEMO_LEXICON",
    "PRETRAIN_LEXICON",
    "ClinicalLexicon",
    "clinical_sentence",
    "general_sentence",
    "held_out_sentence",
    "is_held_out",
]
