"""Error counts and rates, alignments, the summary statistics and their intervals.

Everything is scored on `speech.text`. Rates are fractions (0.08 is 8 %). An empty reference is defined
here: nothing said and nothing heard is 0; words heard where nothing was said count in full, over a length
of 1. Knows nothing of audio or models. Alignment is jiwer's; note that jiwer's own `mer` is another thing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import jiwer
import numpy as np

from speech.text import characters, normalise, tokens

TRIMMED_SHARE = 0.01
TRIM_FROM_UTTERANCES = 10


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """Errors of one utterance or, added up, of many. Counts of characters, words or mixed tokens."""

    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0
    reference_length: int = 0

    @property
    def errors(self) -> int:
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float:
        """Errors over reference length; with an empty reference, over 1 (so 0 when both are empty)."""
        return self.errors / max(1, self.reference_length)

    def __add__(self, other: "ErrorCount") -> "ErrorCount":
        return ErrorCount(
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
            self.reference_length + other.reference_length,
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """Rates over a set: `corpus` is all errors over all lengths, the others are per utterance.

    Trimmed: without the worst 1 % (rounded up, so from 10 utterances on at least one is left out; below
    10 none is). What trimming hides is told apart: `over_one` utterances had more errors than length.
    """

    corpus: float
    mean: float
    median: float
    mean_trimmed: float
    median_trimmed: float
    utterances: int
    over_one: int = 0


def cer(reference: str, hypothesis: str) -> ErrorCount:
    """Character errors; spaces do not count."""
    return _count(list(characters(reference)), list(characters(hypothesis)))


def mer(reference: str, hypothesis: str) -> ErrorCount:
    """Mixed errors: a hanzi, a Latin word or a number is one token."""
    return _count(tokens(reference), tokens(hypothesis))


def wer(reference: str, hypothesis: str) -> ErrorCount:
    """Word errors between spaces: for English. A run of hanzi is one word here; use `mer` for Chinese."""
    return _count(normalise(reference).split(), normalise(hypothesis).split())


def align(
    reference_tokens: Sequence[str], hypothesis_tokens: Sequence[str]
) -> list[tuple[str, str | None, str | None]]:
    """Token by token: ("equal" | "substitute" | "delete" | "insert", reference token, hypothesis token).

    The missing side of a deletion or an insertion is None. Tokens must hold no spaces.
    """
    steps: list[tuple[str, str | None, str | None]] = []
    for chunk in _process(reference_tokens, hypothesis_tokens).alignments[0]:
        heard = hypothesis_tokens[chunk.hyp_start_idx : chunk.hyp_end_idx]
        said = reference_tokens[chunk.ref_start_idx : chunk.ref_end_idx]
        length = max(len(said), len(heard))
        said_or_none = [*said, *[None] * (length - len(said))]
        heard_or_none = [*heard, *[None] * (length - len(heard))]
        steps += [(chunk.type, r, h) for r, h in zip(said_or_none, heard_or_none, strict=True)]
    return steps


def total(counts: Iterable[ErrorCount]) -> ErrorCount:
    return sum(counts, ErrorCount())


def summarise(counts: Sequence[ErrorCount]) -> Summary:
    """Raises ValueError for an empty set: there is no rate of nothing."""
    if not counts:
        raise ValueError("no utterances to summarise")
    rates = np.sort([count.rate for count in counts])
    left_out = int(np.ceil(TRIMMED_SHARE * len(rates))) if len(rates) >= TRIM_FROM_UTTERANCES else 0
    kept = rates[: len(rates) - left_out]
    return Summary(
        corpus=total(counts).rate,
        mean=float(rates.mean()),
        median=float(np.median(rates)),
        mean_trimmed=float(kept.mean()),
        median_trimmed=float(np.median(kept)),
        utterances=len(rates),
        over_one=int((rates > 1).sum()),
    )


def bootstrap_interval(
    counts: Sequence[ErrorCount],
    groups: Sequence[str] | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """95 % interval of the corpus rate, whole groups (speakers) resampled together (Bisani & Ney 2004)."""
    errors, lengths = _by_group(counts, groups)
    weights = _group_weights(len(errors), draws, seed)
    return _interval((weights @ errors) / np.maximum(1, weights @ lengths))


def bootstrap_difference(
    before: Sequence[ErrorCount],
    after: Sequence[ErrorCount],
    groups: Sequence[str] | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """95 % interval of corpus rate after minus before, paired: both on the same utterances in one order.

    An upper end below 0 means better, beyond chance. Raises ValueError when the sets differ in size.
    """
    if len(before) != len(after):
        raise ValueError(f"not the same utterances: {len(before)} before, {len(after)} after")
    errors_before, lengths_before = _by_group(before, groups)
    errors_after, lengths_after = _by_group(after, groups)
    weights = _group_weights(len(errors_before), draws, seed)
    rates_before = (weights @ errors_before) / np.maximum(1, weights @ lengths_before)
    return _interval((weights @ errors_after) / np.maximum(1, weights @ lengths_after) - rates_before)


def term_recall(reference: str, hypothesis: str, terms: Iterable[str]) -> tuple[int, int]:
    """(heard, said): how many occurrences of the terms in the reference the hypothesis has too.

    A term is matched as whole tokens ("in" is not in "insulin"); each term counts by itself, also one
    inside another; a term heard more often than said earns nothing more.
    """
    said_tokens, heard_tokens = tokens(reference), tokens(hypothesis)
    said_set = set(said_tokens)
    hit = said = 0
    for term_tokens in {tuple(tokens(term)) for term in terms}:
        if not term_tokens or term_tokens[0] not in said_set:
            continue
        occurrences = _occurrences(said_tokens, term_tokens)
        said += occurrences
        hit += min(occurrences, _occurrences(heard_tokens, term_tokens))
    return hit, said


def _occurrences(sequence: Sequence[str], term: tuple[str, ...]) -> int:
    return sum(tuple(sequence[i : i + len(term)]) == term for i in range(len(sequence) - len(term) + 1))


def _process(reference: Sequence[str], hypothesis: Sequence[str]) -> jiwer.WordOutput:
    said: Any = [list(reference)]  # one sentence each, cut already
    heard: Any = [list(hypothesis)]
    return jiwer.process_words(said, heard, _AS_IS, _AS_IS)


def _count(reference: Sequence[str], hypothesis: Sequence[str]) -> ErrorCount:
    output = _process(reference, hypothesis)
    return ErrorCount(output.substitutions, output.deletions, output.insertions, len(reference))


class _Tokens(jiwer.AbstractTransform):
    """Tells jiwer that the tokens are cut already, so that a space can be a character."""

    def __call__(self, sentences: Any) -> Any:
        return sentences


_AS_IS = jiwer.Compose([_Tokens()])


def _by_group(counts: Sequence[ErrorCount], groups: Sequence[str] | None) -> tuple[np.ndarray, np.ndarray]:
    """Errors and lengths summed per group: two arrays (groups,). Without groups each utterance is one."""
    if not counts:
        raise ValueError("no utterances to resample")
    names = [str(i) for i in range(len(counts))] if groups is None else list(groups)
    if len(names) != len(counts):
        raise ValueError(f"{len(counts)} utterances but {len(names)} groups")
    _, index = np.unique(names, return_inverse=True)
    errors = np.bincount(index, [count.errors for count in counts])
    lengths = np.bincount(index, [count.reference_length for count in counts])
    return errors, lengths


def _group_weights(group_count: int, draws: int, seed: int) -> np.ndarray:
    """How often each group is drawn: (draws, groups), every row sums to `group_count`."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(group_count, np.full(group_count, 1 / group_count), size=draws)


def _interval(values: np.ndarray) -> tuple[float, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
