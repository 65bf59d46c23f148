"""The grammars: spoken form only, endless, and what the demo says the base has never met."""

import random
import re

import pytest

from speech.grammar import (
    DEMO_LEXICON,
    PRETRAIN_LEXICON,
    clinical_sentence,
    general_sentence,
    held_out_sentence,
    is_held_out,
)
from speech.grammar.clinical import TERM_RULES
from speech.grammar.templates import Grammar, load_rules, spaced

DRAWS = {
    "general": general_sentence,
    "pretrain": lambda rng: clinical_sentence(rng, PRETRAIN_LEXICON),
    "demo": lambda rng: clinical_sentence(rng, DEMO_LEXICON),
}


def make_sentences(name: str, count: int = 1500, seed: int = 0) -> list[str]:
    rng = random.Random(seed)
    return [DRAWS[name](rng) for _ in range(count)]


@pytest.mark.parametrize("name", DRAWS)
def test_only_spoken_form_comes_out(name):
    for sentence in make_sentences(name):
        assert re.fullmatch(r"[一-鿿A-Za-z ]+", sentence), sentence
        assert sentence == spaced(sentence)


@pytest.mark.parametrize("name", DRAWS)
def test_sentences_hardly_repeat(name):
    assert len(set(make_sentences(name))) > 1200


@pytest.mark.parametrize("name", DRAWS)
def test_the_same_seed_writes_the_same_text(name):
    assert make_sentences(name, 50) == make_sentences(name, 50)
    assert make_sentences(name, 50) != make_sentences(name, 50, seed=1)


@pytest.mark.parametrize("name", ["general", "general_en", "clinical", "lexicon_pretrain", "lexicon_demo"])
def test_every_slot_has_a_rule(name):
    """Not only those that a few draws happen to meet."""
    below = {**load_rules("general"), **load_rules("general_en"), **load_rules("clinical")}
    grammar = Grammar({**below, **load_rules(name)})
    rng = random.Random(0)
    for rule, alternatives in load_rules(name).items():
        for alternative in alternatives:
            assert alternative, f"{rule} has an empty alternative"
            grammar._expand(alternative, rng)


def test_an_unknown_slot_is_an_error():
    with pytest.raises(KeyError, match="nothing"):
        Grammar({"sentence": ("{nothing}",)}).draw(random.Random(0))


def test_one_space_between_hanzi_and_latin_none_between_hanzi():
    assert spaced("有sign  DNR了 對 啊") == "有 sign DNR 了對啊"


def test_the_lexicons_share_no_term():
    assert not set(PRETRAIN_LEXICON.terms()) & set(DEMO_LEXICON.terms())
    rules = load_rules("lexicon_demo")
    assert len(rules["drug"]) >= 24
    assert sum(len(rules[rule]) for rule in TERM_RULES if rule != "drug") >= 20


def test_pretraining_never_says_a_term_of_the_demo():
    spoken = "\n".join(make_sentences("general", 4000) + make_sentences("pretrain", 4000))
    met = [term for term in DEMO_LEXICON.terms() if re.search(rf"\b{re.escape(term)}\b", spoken)]
    assert met == []


def test_the_base_knows_every_hanzi_of_the_demo():
    """The demo teaches terms, not characters: an adapter does not train embeddings."""
    below = {**load_rules("general"), **load_rules("clinical"), **load_rules("lexicon_pretrain")}
    known = {c for alternatives in below.values() for text in alternatives for c in text}
    known |= set("零一二三四五六七八九十百千萬兩點半分月號")
    unknown = {c for sentence in make_sentences("demo") for c in sentence if "一" <= c <= "鿿"} - known
    assert unknown == set()


def test_clinical_speech_switches_codes():
    sentences = make_sentences("pretrain")
    mixed = [one for one in sentences if re.search("[A-Za-z]", one) and re.search("[一-鿿]", one)]
    assert len(mixed) > 0.4 * len(sentences)
    assert all(any(phrase in one for one in sentences) for phrase in ("有 sign", "on full diet", "齁"))


def test_a_twentieth_is_held_out_for_ever():
    sentences = make_sentences("general", 4000)
    share = sum(map(is_held_out, sentences)) / len(sentences)
    assert 0.03 < share < 0.07
    assert all(is_held_out(held_out_sentence(random.Random(seed))) for seed in range(20))
