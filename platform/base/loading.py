"""One row for a person: found and allowed, or a 404 that does not tell which of the two it was."""

from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from base.errors import NotFound

Row = TypeVar("Row", bound=Model)


def found(rows: QuerySet[Row], uuid: UUID, code: str, message: str) -> Row:
    """`rows`: what this person may see. Raises NotFound."""
    row = rows.filter(uuid=uuid).first()
    if row is None:
        raise NotFound(code, message)
    return row
