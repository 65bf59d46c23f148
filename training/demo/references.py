"""What was really said in each demo recording: for the simulated expert and the scorer, for nobody else."""

import json
from dataclasses import dataclass
from pathlib import Path

from base.storage import data_path
from speech.types import Word

REFERENCES_PATH = "demo/references.jsonl"


@dataclass(frozen=True, slots=True)
class References:
    """Words by recording uuid, times from the recording's start."""

    words: dict[str, tuple[Word, ...]]

    @classmethod
    def load(cls, path: Path | None = None) -> "References":
        rows = [json.loads(line) for line in (path or data_path(REFERENCES_PATH)).read_text().splitlines()]
        return cls({row["recording"]: tuple(Word(*word) for word in row["words"]) for row in rows})

    def text(self, recording: str, start_ms: int, end_ms: int) -> str:
        """The words whose middle lies in the span, hanzi joined, Latin words set off by spaces."""
        heard = [
            word.text
            for word in self.words[recording]
            if start_ms <= (word.start_ms + word.end_ms) // 2 < end_ms
        ]
        return joined(heard)


def joined(words: list[str]) -> str:
    """['有', 'sign', 'DNR', '的'] -> '有 sign DNR 的'."""
    text = ""
    for word in words:
        # Hanzi stand without spaces; everything beside a Latin word is set off.
        glued = not text or (not word[0].isascii() and not text[-1].isascii())
        text += word if glued else f" {word}"
    return text
