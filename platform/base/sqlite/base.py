"""SQLite whose writers queue.

SQLite lets one writer in at a time. The others sleep and look again, for longer each time, and whoever comes
by at the right moment is let in: beside an import people waited for seconds, and some were told "database is
locked". Here the writers of all threads and processes wait for one lock of the operating system, which wakes
them as soon as it is free and in the order in which they came. A process that dies gives it back.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from django.db.backends.sqlite3 import base

_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


class DatabaseWrapper(base.DatabaseWrapper):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._turn: IO[bytes] | None = None
        self.execute_wrappers.append(self._single_write)

    def _start_transaction_under_autocommit(self) -> None:
        self._take_turn()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._end_turn()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        self._end_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _single_write(self, execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        """A write outside a transaction is one by itself. A transaction has taken its turn when it began."""
        if self.in_atomic_block or not self.get_autocommit() or not sql.lstrip().startswith(_WRITES):
            return execute(sql, params, many, context)
        with self._own_turn():
            return execute(sql, params, many, context)

    @contextmanager
    def _own_turn(self) -> Iterator[None]:
        self._take_turn()
        try:
            yield
        finally:
            self._end_turn()

    def _take_turn(self) -> None:
        if self.is_in_memory_db():
            return
        # A file description of its own: threads of one process exclude each other, too.
        turn = open(f"{self.settings_dict['NAME']}-turn", "ab")  # noqa: SIM115  held until the turn ends
        fcntl.flock(turn, fcntl.LOCK_EX)
        self._turn = turn

    def _end_turn(self) -> None:
        if self._turn is not None:
            self._turn.close()
            self._turn = None
