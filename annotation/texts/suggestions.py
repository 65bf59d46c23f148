"""Which terms somebody may mean who has typed a few letters or hanzi. Built once a site, asked per key."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from annotation.texts.pinyin import typed_as
from speech.lexicon import Term
from speech.text import characters


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`text` is what would be written: the form that was meant, because a label says what was said."""

    text: str
    term: str
    kind: str


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write a term, and what may be typed for it."""

    suggestion: Suggestion
    typed: tuple[str, ...]


def forms_of(term: Term, sounds: str = "") -> list[Form]:
    """`sounds`: pinyin of the term's first form with hanzi, as people corrected it."""
    forms = []
    for text in (term.text, *term.aliases):
        typed = typed_as(text, sounds)
        if len(typed) > 1:
            sounds = ""  # it belonged to this form; the others are read from the dictionary
        forms.append(Form(Suggestion(text, term.text, term.kind), typed))
    return forms


class Suggester:
    """Forms by what is typed for them. Immutable once built."""

    def __init__(self, forms: Iterable[Form]) -> None:
        self.forms = tuple(forms)
        keys = [(key, i) for i, form in enumerate(self.forms) for key in form.typed]
        self._keys = sorted(keys)

    def find(self, typed: str, most: int = 8) -> list[Suggestion]:
        """Forms that begin so, by text before by sound, short ones first."""
        wanted = characters(typed)
        if not wanted:
            return []
        found: dict[int, tuple[bool, int, str]] = {}
        for key, i in self._keys[bisect_left(self._keys, (wanted, -1)) :]:
            if not key.startswith(wanted):
                break
            by_sound = key != self.forms[i].typed[0]
            rank = (by_sound, len(key), key)
            found[i] = min(rank, found.get(i, rank))
        return [self.forms[i].suggestion for i in sorted(found, key=found.__getitem__)[:most]]


def as_search(forms: Sequence[Form]) -> str:
    """Everything that a term is found by, as one text: a line for each form."""
    return "\n".join("\t".join(form.typed) for form in forms)


def forms_from(term: Term, search: str) -> list[Form]:
    """The forms again, without asking the dictionary."""
    return [
        Form(Suggestion(text, term.text, term.kind), tuple(line.split("\t")))
        for text, line in zip((term.text, *term.aliases), search.splitlines(), strict=False)
    ]
