"""How likely a label is wrong, judged by what a model hears in the same sound. PURE.

Each place where the two part is weighed by itself. That the model is right there is known from the
calibration; that the expert is wrong is rare to begin with. If the model is right, they part only because
the expert erred; if it is wrong, they part anyway: Bayes gives the probability that the label is wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from annotation.ranking.calibration import Calibration
from annotation.ranking.words import Heard
from speech.metrics import align
from speech.text import characters, tokens

# How often an expert errs at one place: an assumption until gold texts say more. What is found with it stands
# in docs/experiments.md.
EXPERT_ERRS = 0.01
# A label from this probability on comes back for a look.
COMES_BACK_FROM = 0.5
# What a label says and the model heard nothing of has room in a pause of this length for each character.
MS_PER_CHARACTER = 90


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch where label and model part; either side may be empty. `right`: that the model is, there."""

    label: str
    heard: str
    right: float

    @property
    def wrong(self) -> float:
        """The probability that the label is wrong here, given that the two part."""
        erred = self.right * EXPERT_ERRS
        return erred / (erred + (1 - self.right))


def places(label: str, heard: Heard, calibration: Calibration) -> list[Place]:
    """Where label and model part, in order, by hanzi and Latin words; script and case do not count."""
    right = 1 - calibration.probability_wrong(heard)
    spoken = [(token, at) for at, word in enumerate(heard.hypothesis.words) for token in tokens(word.text)]
    owners = [at for _, at in spoken]
    found: list[Place] = []
    said, own, at = list[str](), list[int](), 0
    steps = align(tokens(label), [token for token, _ in spoken])
    for step, wanted, got in [*steps, ("equal", None, None)]:
        if step != "equal":
            said += [wanted] if wanted else []
            own += [at] if got else []
        elif said or own:
            sure = _sure(right, owners, own) if own else _no_room(said, heard, right, owners, at)
            found.append(Place(" ".join(said), " ".join(spoken[i][0] for i in own), sure))
            said, own = [], []
        at += got is not None
    return found


def label_wrong(label: str, heard: Heard, calibration: Calibration) -> float:
    """The probability that the label is wrong somewhere: at the place that speaks most against it.

    Places are not multiplied: a model that hears badly parts from the label everywhere at once.
    """
    return max((place.wrong for place in places(label, heard, calibration)), default=0.0)


def _sure(right: np.ndarray, owners: Sequence[int], own: Sequence[int]) -> float:
    """That the model is right here: its least sure word."""
    return float(min(right[owners[i]] for i in own))


def _no_room(said: Sequence[str], heard: Heard, right: np.ndarray, owners: Sequence[int], at: int) -> float:
    """That the model is right to hear nothing before token `at`: both neighbours are sure, and no pause
    between them has room for what the label says."""
    words = heard.hypothesis.words
    neighbours = [owners[i] for i in (at - 1, at) if 0 <= i < len(owners)]
    if not neighbours:
        return 0.0  # the model heard nothing at all: that says nothing about the label
    start_ms = words[owners[at - 1]].end_ms if at > 0 else 0
    end_ms = words[owners[at]].start_ms if at < len(owners) else max(words[-1].end_ms, heard.speech_ms)
    needed_ms = MS_PER_CHARACTER * len(characters("".join(said)))
    room = min(1.0, max(0, end_ms - start_ms) / max(1, needed_ms))
    return float(np.prod([right[i] for i in neighbours])) * (1 - room)
