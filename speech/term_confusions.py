"""What stood in the hypothesis where a term was said: the term's own place, by alignment."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from speech.heard import spaced, written_tokens
from speech.lexicon import Lexicon
from speech.metrics import align
from speech.text import normalise, tokens

Confusion = tuple[str, str]  # the term as the lexicon writes it, and what was heard; "" for nothing


@dataclass(frozen=True, slots=True)
class ConfusionCount:
    """How often two models heard a term as something else. `heard` in the spelling that came first."""

    term: str
    heard: str
    before: int
    after: int


def confusion_counts(before: Iterable[Confusion], after: Iterable[Confusion]) -> list[ConfusionCount]:
    """The most frequent first, over both; spellings that the normaliser holds equal are one."""
    spelling: dict[Confusion, str] = {}
    counts: list[Counter[Confusion]] = []
    for found in (before, after):
        counts.append(Counter())
        for term, heard in found:
            key = term, normalise(heard)
            spelling.setdefault(key, heard)
            counts[-1][key] += 1
    rows = [ConfusionCount(key[0], heard, counts[0][key], counts[1][key]) for key, heard in spelling.items()]
    return sorted(rows, key=lambda row: (-row.before - row.after, row.term, row.heard))


def term_confusions(lexicon: Lexicon, pairs: Iterable[tuple[str, str]]) -> Iterator[Confusion]:
    """(reference, hypothesis) pairs -> each term that was heard as something else, once for each time.

    A term that was heard by any of its names is no confusion, nor is one that stands elsewhere in the
    hypothesis: recall counts it as heard too.
    """
    for reference, hypothesis in pairs:
        places = lexicon.places(reference)
        missed = Counter(term for _, _, term in places) - Counter(lexicon.find(hypothesis) if places else ())
        if not missed:  # aligning is what takes the time
            continue
        heard_at = heard_by_place(reference, hypothesis, [(start, end) for start, end, _ in places])
        for (_, _, term), heard in zip(places, heard_at, strict=True):
            if missed[term] and term not in lexicon.find(heard):
                yield term.text, heard


def heard_by_place(reference: str, hypothesis: str, places: Iterable[tuple[int, int]]) -> list[str]:
    """What was heard over each stretch (start, end) of the reference's tokens, as it was written.

    A word that was put in at the edge of a stretch belongs to it: "met forming" for Metformin is one
    insertion and one substitution.
    """
    written = written_tokens(hypothesis)
    # Of each token of the reference: where in the hypothesis its counterpart begins and ends.
    begins, ends, position = [], [], 0
    for _, said, heard in align(tokens(reference), tokens(hypothesis)):
        if said is not None:
            begins.append(position)
        position += heard is not None
        if said is not None:
            ends.append(position)
    first, last = [0, *ends], [*begins[1:], position]
    return [spaced(written[first[start] : last[end - 1]]) for start, end in places]
