"""The filesystem broker of one machine, with every file written whole.

Kombu opens a message and writes it afterwards: a worker that looks in between takes an empty file, the job is
lost and the worker ends with a JSONDecodeError (kombu 5.7, kombu/transport/filesystem.py). The tables of its
exchanges have the same gap. Here a file gets its name when it is complete. Knows nothing of jobs.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

from base.storage import written_whole

Row = filesystem.exchange_queue_t


class Channel(filesystem.Channel):
    def _put(  # type: ignore[override]  # the two classes above it differ in a name
        self, queue: str, payload: Any, **kwargs: Any
    ) -> None:
        # The name is kombu's: the time orders the messages, the end says which queue they are in.
        name = f"{round(monotonic() * 1000)}_{uuid4()}.{queue}.msg"
        _write(Path(self.data_folder_out) / name, payload)

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        row = Row(routing_key or "", pattern or "", queue or "")
        with self._table(exchange) as rows:
            if row not in rows:
                rows.insert(0, row)

    def _delete(
        self, queue: str, exchange: str, routing_key: str, pattern: str, *args: Any, **kwargs: Any
    ) -> None:
        # What kombu's own _delete does first; the rest of it would write the table in place.
        self._purge(queue)
        row = Row(routing_key or "", pattern or "", queue or "")
        with self._table(exchange) as rows:
            if row in rows:
                rows.remove(row)

    @contextmanager
    def _table(self, exchange: str) -> Iterator[list[Row]]:
        """The queues of an exchange, to be changed: written back when the block ends and they differ."""
        path = self._exchange_file(exchange)
        self.control_folder.mkdir(parents=True, exist_ok=True)
        with path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            before = self.get_table(exchange)
            rows = list(before)
            yield rows
            if rows != before:
                _write(path, rows)


class Transport(filesystem.Transport):
    Channel = Channel


def _write(path: Path, content: Any) -> None:
    with written_whole(path) as temporary:
        temporary.write_text(dumps(content), encoding="utf-8")


def install() -> None:
    """From now on `filesystem://` means this one, in this process."""
    TRANSPORT_ALIASES["filesystem"] = "config.broker:Transport"
