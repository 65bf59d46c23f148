"""What no model may be trained on: the speakers and the sentences of the active evaluation sets."""

from collections.abc import Iterable
from dataclasses import dataclass

from base.storage import data_path
from speech import manifest
from speech.manifest import Utterance
from speech.text import characters
from training.models import EvaluationSet

SPEAKER, TEXT = "speaker_in_evaluation_set", "text_in_evaluation_set"


@dataclass(frozen=True, slots=True)
class HeldOut:
    speakers: frozenset[str]
    texts: frozenset[str]  # normalised: another spelling of a frozen sentence is the same sentence

    def why(self, *, speaker: str, text: str) -> str:
        """The reason to keep an utterance out of training; empty when there is none."""
        if speaker and speaker in self.speakers:
            return SPEAKER
        return TEXT if characters(text) in self.texts else ""

    def leaks(self, utterances: Iterable[Utterance]) -> int:
        return sum(bool(self.why(speaker=one.speaker, text=one.text)) for one in utterances)


def held_out() -> HeldOut:
    utterances = [
        utterance
        for path in EvaluationSet.objects.filter(active=True).values_list("manifest_path", flat=True)
        for utterance in manifest.read(data_path(path))
    ]
    return HeldOut(
        frozenset(one.speaker for one in utterances if one.speaker),
        frozenset(characters(one.text) for one in utterances),
    )
