"""One page of the lexicon's table: what is looked for, in order, a screen at a time."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.models import Site
from annotation.models import Term
from annotation.texts.pinyin import plain
from speech.text import characters

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters; empty means all. `after` is a place of the order: (key, primary key)."""

    q: str = ""
    kind: str = ""
    site: Site | None = None
    active: bool | None = None
    after: tuple[str, int] | None = None


def narrowed(terms: QuerySet[Term], wanted: Wanted) -> QuerySet[Term]:
    """In the table's order. `q` is looked for in every form, pinyin and initials."""
    if wanted.q:
        # Without a letter or a hanzi nothing can be found; "" would find everything.
        looked_for = characters(wanted.q) or "\x01"
        by_sound = "".join(plain(wanted.q))
        match = Q(search__contains=looked_for)
        terms = terms.filter(match | Q(search__contains=by_sound) if by_sound else match)
    if wanted.kind:
        terms = terms.filter(kind=wanted.kind)
    if wanted.site:
        terms = terms.filter(site=wanted.site)
    if wanted.active is not None:
        terms = terms.filter(active=wanted.active)
    return terms.order_by("key", "id")


def page_after(terms: QuerySet[Term], wanted: Wanted) -> tuple[list[Term], Term | None]:
    """-> (the rows of a page, the row after which the next page begins, None on the last)."""
    if wanted.after:
        key, pk = wanted.after
        terms = terms.filter(Q(key__gt=key) | Q(key=key, pk__gt=pk))
    rows = list(terms[: PAGE_SIZE + 1])
    return rows[:PAGE_SIZE], rows[PAGE_SIZE - 1] if len(rows) > PAGE_SIZE else None
