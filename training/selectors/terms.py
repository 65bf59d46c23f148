"""How well the lexicon's terms were heard before and after a run, from the stored hypotheses.

Counted when it is looked at, over the lexicon of today: both models on the same terms, older runs too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import Site
from annotation.models import TermKind
from annotation.selectors.terms import lexicon_of
from base.storage import data_path
from speech.lexicon import Lexicon, Term
from speech.term_metrics import TermCount, term_counts, together
from training.models import Evaluation, EvaluationSet, Run
from training.pipeline.folder import read_jsonl
from training.selectors.evaluations import Comparison


@dataclass(frozen=True, slots=True)
class TermScore:
    """One kind of term on one set (`kind` "" is all of them); a side may not be measured."""

    evaluation_set: EvaluationSet
    kind: str
    before: TermCount | None
    after: TermCount | None


def lexicon_of_run(run: Run) -> Lexicon:
    """The terms of the snapshot's site, or of all sites; a term that several have counts once."""
    site = run.snapshot.site
    sites = [site.pk] if site else list(Site.objects.values_list("pk", flat=True))
    terms: dict[str, Term] = {}
    for pk in sites:
        for term in lexicon_of(pk).terms:
            terms.setdefault(term.text, term)
    return Lexicon(terms.values())


def term_scores(lexicon: Lexicon, comparisons: Sequence[Comparison]) -> list[TermScore]:
    """All kinds first, then each, of every set in which a term is said or heard."""
    scores = []
    for one in comparisons if lexicon.terms else []:
        before, after = _counts(lexicon, one.before), _counts(lexicon, one.after)
        kinds = [kind for kind in TermKind.values if kind in {**(before or {}), **(after or {})}]
        if not kinds:
            continue
        scores.append(TermScore(one.evaluation_set, "", _all(before), _all(after)))
        scores += [
            TermScore(one.evaluation_set, str(TermKind(kind).label), _of(before, kind), _of(after, kind))
            for kind in kinds
        ]
    return scores


def _counts(lexicon: Lexicon, evaluation: Evaluation | None) -> dict[str, TermCount] | None:
    if evaluation is None:
        return None
    rows = read_jsonl(data_path(evaluation.results_path))
    return term_counts(lexicon, ((row["reference"], row["hypothesis"]) for row in rows))


def _all(counts: dict[str, TermCount] | None) -> TermCount | None:
    return None if counts is None else together(counts.values())


def _of(counts: dict[str, TermCount] | None, kind: str) -> TermCount | None:
    return None if counts is None else counts.get(kind, TermCount())
