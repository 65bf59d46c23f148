"""Pages of a long list by keyset: a page begins after a row, not after so many rows.

The database walks an index to the row and reads one page; nothing is counted or passed over. Lists that
change meanwhile show no row twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict

from base.models import PublicModel

Row = TypeVar("Row", bound=PublicModel)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """`before` and `after` name the rows where the neighbouring pages end and begin; None at either end."""

    rows: list[Row]
    before: UUID | None = None
    after: UUID | None = None

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def page_of(rows: QuerySet[Row], asked: QueryDict, size: int, key: str = "-id") -> Page[Row]:
    """The page that the address asks for by `?after=<uuid>` or `?before=<uuid>`, else the first.

    `key` is the order: one field, whose values are different within these rows.
    """
    if (mark := _value(rows, asked.get("before"), key)) is not None:
        found = list(_beyond(rows, _reversed(key), mark)[: size + 1])
        if len(found) > size:
            return _page(found[size - 1 :: -1], before=True, after=True)
    elif (mark := _value(rows, asked.get("after"), key)) is not None:
        found = list(_beyond(rows, key, mark)[: size + 1])
        if found:
            return _page(found[:size], before=True, after=len(found) > size)
    found = list(rows.order_by(key)[: size + 1])
    return _page(found[:size], before=False, after=len(found) > size)


def _page(rows: list[Row], *, before: bool, after: bool) -> Page[Row]:
    return Page(rows, rows[0].uuid if before else None, rows[-1].uuid if after else None)


def _value(rows: QuerySet[Row], uuid: str | None, key: str) -> Any:
    """Where that row stands; None for a row that is not there. It may have left the list meanwhile."""
    try:
        wanted = UUID(uuid or "")
    except ValueError:
        return None
    return rows.model._default_manager.filter(uuid=wanted).values_list(key.lstrip("-"), flat=True).first()


def _beyond(rows: QuerySet[Row], key: str, mark: Any) -> QuerySet[Row]:
    beyond = f"{key[1:]}__lt" if key.startswith("-") else f"{key}__gt"
    return rows.filter(**{beyond: mark}).order_by(key)


def _reversed(key: str) -> str:
    return key[1:] if key.startswith("-") else f"-{key}"
