"""What of a claim PostgreSQL itself takes: planning and execution of each of its statements, by EXPLAIN."""

import json
import statistics

from django.db import connection, transaction

from accounts.models import User
from annotation.services.queue import segment_claim_next, segment_release

TIMES = 15


class _Statements:
    """Remembers what is executed."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, object]] = []

    def __call__(self, execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        if sql.lstrip().startswith(("SELECT", "UPDATE")):
            self.seen.append((sql, params))
        return execute(sql, params, many, context)


def server_ms(user: User) -> float | None:
    """Median over a few claims; None on SQLite, which has no server."""
    if connection.vendor != "postgresql":
        return None
    return round(statistics.median(_once(user) for _ in range(TIMES)), 2)


def _once(user: User) -> float:
    statements = _Statements()
    with connection.execute_wrapper(statements):
        segment = segment_claim_next(user=user)
    assert segment is not None
    segment_release(user=user, segment=segment)
    with transaction.atomic(), connection.cursor() as cursor:
        spent = sum(_explained_ms(cursor, *statement) for statement in statements.seen)
        transaction.set_rollback(True)
    return spent


def _explained_ms(cursor, sql: str, params: object) -> float:  # type: ignore[no-untyped-def]
    cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
    (found,) = cursor.fetchone()
    plan = (json.loads(found) if isinstance(found, str) else found)[0]
    return plan["Planning Time"] + plan["Execution Time"]
