"""Clinical speech as Taiwanese clinicians really speak: English words inside Chinese clauses.

Two vocabularies that share no term: the one the bundled base is pretrained with, and the demo
hospital's, whose drugs, procedures, codes and manners of ordering the base has never met.
"""

import random
from dataclasses import dataclass

from speech.grammar.templates import Grammar, load_rules

# The rules of a lexicon file that hold terms (the others are sentence patterns).
TERM_RULES = ("drug", "abbreviation_term", "term_en", "procedure", "icd_code")


@dataclass(frozen=True, slots=True)
class ClinicalLexicon:
    """Terms and the sentence patterns they are used in, by the name of their data file."""

    name: str

    def grammar(self) -> Grammar:
        """Everyday rules below, shared clinical rules above them, the lexicon's own on top."""
        shared = {**load_rules("general"), **load_rules("general_en"), **load_rules("clinical")}
        return Grammar({**shared, **load_rules(self.name)})

    def terms(self) -> tuple[str, ...]:
        """Every term, in file order: what term recall is counted over."""
        rules = load_rules(self.name)
        return tuple(term for rule in TERM_RULES for term in rules.get(rule, ()))


PRETRAIN_LEXICON = ClinicalLexicon("lexicon_pretrain")
DEMO_LEXICON = ClinicalLexicon("lexicon_demo")


def clinical_sentence(rng: random.Random, lexicon: ClinicalLexicon = PRETRAIN_LEXICON) -> str:
    """One dictated or spoken clinical clause of about 6 to 40 characters in spoken form."""
    return lexicon.grammar().draw(rng, "clinical_sentence")
