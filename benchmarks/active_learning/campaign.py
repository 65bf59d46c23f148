"""One campaign: rounds of drafting, choosing, correcting and retraining, until the minutes are spent.

Every strategy gets the same minutes a round, the same base, the same number of training steps. The expert
works down the order of the round and stops when its minutes are over.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from annotation.ranking.calibration import Corrected
from annotation.ranking.effort import Spent
from annotation.ranking.priority import Candidate, Knowledge
from annotation.ranking.strategies import STRATEGIES
from annotation.ranking.words import Heard
from benchmarks.active_learning.expert import seconds_of
from benchmarks.active_learning.pool import Hospital, Spoken
from benchmarks.active_learning.teacher import Teacher, hear
from benchmarks.learned import learned
from speech.backends.whisper import WhisperRecognizer
from speech.confidence import hallucination_flags
from speech.lexicon import Lexicon
from speech.metrics import cer, total
from speech.text import characters
from speech.types import Hypothesis

Pool = dict[str, tuple[Spoken, Hypothesis]]


@dataclass(frozen=True, slots=True)
class Point:
    """After a round: expert minutes so far, segments corrected, errors put right, CER on the held-out set."""

    minutes: float
    segments: int
    errors: int
    cer: float


@dataclass(frozen=True, slots=True)
class Budget:
    minutes_a_round: float
    rounds: int


@dataclass(frozen=True, slots=True)
class Done:
    """A correction: what the expert saw, what they wrote, how long it took."""

    candidate: Candidate
    spoken: Spoken
    seconds: float
    errors: int


def campaign(
    hospital: Hospital, teacher: Teacher, drafts: Sequence[Hypothesis], name: str, seed: int, budget: Budget,
    lexicon: Lexicon, base_cer: float,
) -> list[Point]:  # fmt: skip
    """`drafts`: what the base heard in the pool. The first point is the base."""
    rng = random.Random(f"{name}-{seed}")
    left: Pool = {one.key: (one, heard) for one, heard in zip(hospital.pool, drafts, strict=True)}
    before: dict[str, str] = {}
    done: list[Done] = []
    points = [Point(0.0, 0, 0, base_cer)]
    for number in range(budget.rounds):
        batch = [candidate(spoken, heard, lexicon, before) for spoken, heard in left.values()]
        scores = STRATEGIES[name](batch, known_from(done, lexicon), rng)
        order = sorted(range(len(batch)), key=lambda i: (-scores[i], batch[i].key))
        chosen = correct([(batch[i], left[batch[i].key][0]) for i in order], budget.minutes_a_round)
        done += chosen
        for one in chosen:
            del left[one.spoken.key]
        model = teacher.taught([one.spoken.key for one in done], seed)
        heard = hear(model, hospital.held_out)
        rate = total(cer(s.said, h.text) for s, h in zip(hospital.held_out, heard, strict=True)).rate
        points.append(
            Point(sum(one.seconds for one in done) / 60, len(done), sum(one.errors for one in done), rate)
        )
        if number < budget.rounds - 1:
            before = {key: heard.text for key, (_, heard) in left.items()}
            left = redrafted(left, model)
    return points


def redrafted(left: Pool, model: WhisperRecognizer) -> Pool:
    """What is left, with what the new model hears."""
    spoken = [one for one, _ in left.values()]
    return dict(zip(left, zip(spoken, hear(model, spoken), strict=True), strict=True))


def candidate(spoken: Spoken, heard: Hypothesis, lexicon: Lexicon, before: dict[str, str]) -> Candidate:
    return Candidate(
        key=spoken.key,
        heard=Heard(
            heard,
            spoken.speech_ms,
            spoken.snr_db,
            before.get(spoken.key),
            tuple(lexicon.near_misses(heard.text)),
        ),
        flags=hallucination_flags(heard, spoken.duration_ms, spoken.speech_ms),
        duration_ms=spoken.duration_ms,
        groups=(f"speaker {spoken.speaker}",),
        terms=tuple(lexicon.find(heard.text)),
    )


def correct(order: Sequence[tuple[Candidate, Spoken]], minutes: float) -> list[Done]:
    """From the top until the time is over."""
    done: list[Done] = []
    left_s = 60 * minutes
    for one, spoken in order:
        draft = one.heard.hypothesis.text
        seconds = seconds_of(spoken.duration_ms, draft, spoken.said)
        if seconds > left_s:
            break
        left_s -= seconds
        done.append(Done(one, spoken, seconds, cer(spoken.said, draft).errors))
    return done


def known_from(done: Sequence[Done], lexicon: Lexicon) -> Knowledge:
    """What the corrections so far teach the queue."""
    corrected = [Corrected(one.candidate.heard, one.spoken.said, one.spoken.recording) for one in done]
    spent = [
        Spent(round(1000 * d.seconds), d.spoken.duration_ms, d.errors, len(characters(d.spoken.said)))
        for d in done
    ]
    return learned(corrected, spent, lexicon)
