"""What no model may be trained on: the speakers and the sentences of evaluation sets. Knows nothing of where
these are kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from speech import manifest
from speech.manifest import Utterance
from speech.text import characters

SPEAKER, TEXT = "speaker_in_evaluation_set", "text_in_evaluation_set"


@dataclass(frozen=True, slots=True)
class HeldOut:
    speakers: frozenset[str]
    texts: frozenset[str]  # normalised: another spelling of a frozen sentence is the same sentence

    @classmethod
    def read(cls, manifests: Iterable[Path]) -> Self:
        utterances = [utterance for path in manifests for utterance in manifest.read(path)]
        return cls(
            frozenset(one.speaker for one in utterances if one.speaker),
            frozenset(characters(one.text) for one in utterances),
        )

    def why(self, *, speaker: str, text: str) -> str:
        """The reason to keep an utterance out of training; empty when there is none."""
        if speaker and speaker in self.speakers:
            return SPEAKER
        return TEXT if characters(text) in self.texts else ""

    def leaks(self, utterances: Iterable[Utterance]) -> int:
        return sum(bool(self.why(speaker=one.speaker, text=one.text)) for one in utterances)
