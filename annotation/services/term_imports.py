"""A term list comes in: looked at first, then merged in one go. What is there already is never lost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from django.db import transaction

from accounts.models import Site, User
from accounts.selectors import require_role
from annotation.models import LexiconRevision, Term, TermKind
from annotation.selectors.terms import MANAGERS
from annotation.services.terms import written
from annotation.texts.term_files import TermRow
from audit.services import entry_add
from speech.text import normalise

_FIELDS = ("text", "key", "aliases", "pinyin", "kind", "active", "search", "updated_at")
_AT_ONCE = 500


class Fate(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RowResult:
    """What becomes of one line; `changes` names what the existing term gets."""

    row: TermRow
    fate: Fate
    changes: tuple[str, ...] = ()


@dataclass(slots=True)
class Import:
    """What a list does to a site's terms: results in the order of the lines, rows to add and to change."""

    results: list[RowResult] = field(default_factory=list)
    new: list[Term] = field(default_factory=list)
    changed: dict[int, Term] = field(default_factory=dict)

    def count(self, fate: Fate) -> int:
        return sum(result.fate == fate for result in self.results)


def terms_preview(*, user: User, site: Site, rows: Sequence[TermRow]) -> Import:
    """What `terms_import` would do now; changes nothing."""
    require_role(user, *MANAGERS, site=site)
    return _planned(site, rows, user)


def terms_import(*, user: User | None, site: Site, rows: Sequence[TermRow]) -> Import:
    """Adds and merges what can be used; the other rows are told. Without a user: the demo, or a command.

    Merged: aliases are added to those that are there; pinyin, kind and active are taken where the list
    gives them. Two rows of one term are merged too.
    """
    if user is not None:
        require_role(user, *MANAGERS, site=site)
    with transaction.atomic():
        LexiconRevision.renew(site.pk)  # first: two imports at once take turns at this row
        done = _planned(site, rows, user)
        Term.objects.bulk_create(done.new, batch_size=_AT_ONCE)
        Term.objects.bulk_update(done.changed.values(), _FIELDS, batch_size=_AT_ONCE)
        counts = {str(fate): done.count(fate) for fate in Fate}
        entry_add(actor=user, verb="terms_imported", target=site, site=site, **counts)
    return done


def term_rows(terms: Iterable[Term]) -> list[TermRow]:
    """As a list that imports again to the same."""
    return [
        TermRow(line, term.text, tuple(term.aliases), term.pinyin, term.kind, term.active)
        for line, term in enumerate(terms, start=2)
    ]


def _planned(site: Site, rows: Sequence[TermRow], user: User | None) -> Import:
    known = {term.key: term for term in Term.objects.filter(site=site)}
    plan = Import()
    for row in rows:
        if row.problem:
            plan.results.append(RowResult(row, Fate.REFUSED))
            continue
        term = known.get(normalise(row.text))
        if term is None:
            term = _new(site, row, user)
            known[term.key] = term
            plan.new.append(term)
            plan.results.append(RowResult(row, Fate.NEW))
            continue
        changes = _merge(term, row)
        if changes and term.pk is not None:
            plan.changed[term.pk] = term
        plan.results.append(RowResult(row, Fate.CHANGED if changes else Fate.SAME, changes))
    return plan


def _new(site: Site, row: TermRow, user: User | None) -> Term:
    active = True if row.active is None else row.active
    term = Term(site=site, added_by=user, kind=row.kind or TermKind.OTHER, active=active)
    written(term, row.text, row.aliases, row.pinyin)
    return term


def _merge(term: Term, row: TermRow) -> tuple[str, ...]:
    """Puts into the term what the row adds -> the names of what changed."""
    changes = []
    have = {term.key, *map(normalise, term.aliases)}
    added = [alias for alias in row.aliases if normalise(alias) not in have]
    if added:
        changes.append("aliases")
    pinyin = row.pinyin or term.pinyin
    if pinyin != term.pinyin:
        changes.append("pinyin")
    if row.kind is not None and row.kind != term.kind:
        term.kind = row.kind
        changes.append("kind")
    if row.active is not None and row.active != term.active:
        term.active = row.active
        changes.append("active")
    if row.text != term.text:
        changes.append("spelling")
    if changes:
        written(term, row.text, [*term.aliases, *added], pinyin)
    return tuple(changes)
