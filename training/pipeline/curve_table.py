"""The curve of a run as a table that any spreadsheet opens: curve.csv beside curve.jsonl."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.pipeline.folder import read_jsonl, written_whole


class CurveTable:
    """One row a point; a point with a column of its own makes the table be written again."""

    def __init__(self, points: Path) -> None:
        """`points` is the JSON Lines file, which already holds what is kept."""
        self._points = points
        self._columns: list[str] = []
        self._write_all()

    @property
    def path(self) -> Path:
        return self._points.with_suffix(".csv")

    def __call__(self, point: Mapping[str, Any]) -> None:
        """After the point was added to the JSON Lines."""
        if point.keys() - set(self._columns):
            self._write_all()
            return
        with self.path.open("a", newline="", encoding="utf-8") as stream:
            csv.DictWriter(stream, self._columns, restval="").writerow(point)

    def _write_all(self) -> None:
        rows = read_jsonl(self._points)
        self._columns = list(dict.fromkeys(name for row in rows for name in row))
        with written_whole(self.path) as temporary, temporary.open("w", newline="", encoding="utf-8") as to:
            writer = csv.DictWriter(to, self._columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
