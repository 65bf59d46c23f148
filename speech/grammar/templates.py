"""A context-free grammar as data: one line a rule, sentences drawn from it with a random generator.

File format (UTF-8, tab separated): `name<TAB>alternative | alternative | ...`; a name may stand on many
lines, `#` starts a comment line. `{name}` in an alternative is another rule; `{int:1-99}` and its like
are number slots (see `_NUMBERS`).
"""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from speech.grammar import numbers

Rules = Mapping[str, tuple[str, ...]]

_SLOT = re.compile(r"\{([^{}]+)\}")
_HANZI = "一-鿿㐀-䶿"
_NO_VOWELS = "BCDFGHJKLMNPQRSTVWXZ"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Grammar:
    """Rules and the drawing of sentences from them."""

    rules: Rules

    def draw(self, rng: random.Random, start: str = "sentence") -> str:
        """One sentence in spoken form: no punctuation, one space between hanzi and Latin words."""
        return spaced(self._expand(rng.choice(self.rules[start]), rng))

    def _expand(self, template: str, rng: random.Random) -> str:
        return _SLOT.sub(lambda match: self._fill(match.group(1), rng), template)

    def _fill(self, slot: str, rng: random.Random) -> str:
        name, _, argument = slot.partition(":")
        if name in _NUMBERS:
            return _NUMBERS[name](rng, argument)
        if name not in self.rules:
            raise KeyError(f"the grammar has no rule {name!r}")
        return self._expand(rng.choice(self.rules[name]), rng)

    def with_rules(self, rules: Rules) -> "Grammar":
        """This grammar with more rules; a rule of the same name is replaced."""
        return Grammar({**self.rules, **rules})


@cache
def load_rules(name: str) -> Rules:
    """The rules of `speech/grammar/data/<name>.tsv`."""
    rules: dict[str, tuple[str, ...]] = {}
    text = files("speech.grammar").joinpath("data", f"{name}.tsv").read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        rule, separator, alternatives = line.partition("\t")
        if not separator:
            raise ValueError(f"{name}.tsv: no tab in {line!r}")
        rules[rule] = rules.get(rule, ()) + tuple(part.strip() for part in alternatives.split("|"))
    return rules


def spaced(text: str) -> str:
    """One space between Latin words and between Latin and hanzi, none between hanzi."""
    text = re.sub(rf"(?<=[{_HANZI}])(?=[A-Za-z])|(?<=[A-Za-z])(?=[{_HANZI}])", " ", text)
    text = re.sub(r"\s+", " ", text).strip()
    return re.sub(rf"(?<=[{_HANZI}]) (?=[{_HANZI}])", "", text)


def _between(rng: random.Random, argument: str) -> int:
    """'1-99' -> an integer from 1 to 99."""
    low, _, high = argument.partition("-")
    return rng.randint(int(low), int(high or low))


def _clock(rng: random.Random, speak: Callable[[int, int], str]) -> str:
    return speak(rng.randint(1, 12), rng.choice((0, 0, 30, 30, 15, 10, 20, 40, 45, 5, rng.randint(1, 59))))


def _letters(rng: random.Random, argument: str, alphabet: str, joint: str) -> str:
    return joint.join(rng.choice(alphabet) for _ in range(_between(rng, argument)))


_NUMBERS: dict[str, Callable[[random.Random, str], str]] = {
    "int": lambda rng, argument: numbers.chinese_integer(_between(rng, argument)),
    "count": lambda rng, argument: numbers.chinese_count(_between(rng, argument)),
    "tens": lambda rng, argument: numbers.chinese_integer(10 * _between(rng, argument)),
    "dec": lambda rng, argument: numbers.chinese_decimal(_between(rng, argument), str(rng.randint(1, 9))),
    "dec2": lambda rng, argument: numbers.chinese_decimal(
        _between(rng, argument), f"{rng.randint(0, 9)}{rng.randint(1, 9)}"
    ),
    "digits": lambda rng, argument: numbers.chinese_digits(
        "".join(str(rng.randint(0, 9)) for _ in range(int(argument)))
    ),
    "clock": lambda rng, _: _clock(rng, numbers.chinese_clock),
    "date": lambda rng, _: numbers.chinese_date(rng.randint(1, 12), rng.randint(1, 30)),
    "en_int": lambda rng, argument: numbers.english_integer(_between(rng, argument)),
    "en_clock": lambda rng, _: _clock(rng, numbers.english_clock),
    # Spelled one by one with spaces; without vowels also as one word, which engines spell anyway.
    "letters": lambda rng, argument: _letters(rng, argument, _LETTERS, " "),
    "abbreviation": lambda rng, argument: _letters(rng, argument, _NO_VOWELS, ""),
}
