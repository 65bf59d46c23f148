"""How many wrong labels are found, and how many right ones are brought back in vain.

The demo hospital's segments; 5 % of the labels are made wrong: another character, two characters left out,
another drug. A model is tuned on the labels of half of the recordings, wrong ones included, and judges those
of the other half; trust in it is fitted on the labels that it judges, as in the product. Peer: the surest
word that the label contradicts, by the recogniser's own probability, at as many labels brought back.
Run: `python -m benchmarks.label_errors [--quick]`
"""

import argparse
import os
import random
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import django
import numpy as np

from annotation.ranking.calibration import Corrected, fit
from annotation.ranking.label_errors import COMES_BACK_FROM, label_wrong
from annotation.ranking.words import Heard, raw_probability_wrong, wrong_words
from benchmarks.figures import Figure, emit
from speech.grammar import DEMO_LEXICON
from speech.metrics import cer, total

BASE = "models/auscult-base"
WRONG_SHARE = 0.05
STEPS = 300
DRUGS = tuple(term for term in DEMO_LEXICON.terms() if term.isascii())
COMMAND = "python -m benchmarks.label_errors"
FIGURES = ("precision", "recall", "recall_in_first_tenth")


def planted(texts: Sequence[str], rng: random.Random) -> dict[int, str]:
    """Wrong labels by position, each kind in turn; a text that has no drug gets another character."""
    hanzi = [character for text in texts for character in text if not character.isascii()]
    chosen = rng.sample(range(len(texts)), round(WRONG_SHARE * len(texts)))
    return {at: spoilt(texts[at], number % 3, hanzi, rng) for number, at in enumerate(chosen)}


def spoilt(text: str, kind: int, hanzi: Sequence[str], rng: random.Random) -> str:
    drugs = [drug for drug in DRUGS if drug in text]
    if kind == 2 and drugs:
        return text.replace(rng.choice(drugs), rng.choice([drug for drug in DRUGS if drug not in drugs]))
    places = [at for at, character in enumerate(text) if not character.isascii()]
    at = rng.choice(places)
    if kind == 1:  # two characters left out
        return text[:at] + text[at + 2 :]
    return text[:at] + rng.choice([other for other in hanzi if other != text[at]]) + text[at + 1 :]


def uncalibrated(label: str, heard: Heard) -> float:
    """The peer: how sure the recogniser itself is of the surest word that the label contradicts."""
    contradicted, _ = wrong_words(heard.hypothesis, label)
    sure = 1 - raw_probability_wrong(heard.hypothesis)
    return float(max(sure[contradicted], default=0.0))


def main(recordings: int, seeds: int, halves: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.main")
    django.setup()  # the cast names roles
    from benchmarks.active_learning.pool import build
    from training.demo.script import Sizes

    hospital = build(Sizes(recordings=recordings, medical_set=1, replay=150, general_set=1, dictations=0))
    rows = [row for seed in range(seeds) for row in judged(hospital, random.Random(seed), halves)]
    means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    for name in ("cer_of_the_model", "labels", "brought_back"):
        emit(Figure("label_errors", name, round(means[name], 3), _unit(name), COMMAND))
    for name in FIGURES:
        value, peer = round(means[name], 3), round(means[f"{name}_peer"], 3)
        emit(
            Figure(
                "label_errors",
                name,
                value,
                "fraction",
                COMMAND,
                peer="the recogniser's own probabilities",
                peer_value=peer,
                ratio=round(value / max(peer, 1e-9), 2),
            )
        )


def judged(hospital, rng: random.Random, halves: int) -> list[dict[str, float]]:  # type: ignore[no-untyped-def]
    """One half of the recordings after the other by a model that has learned from the rest."""
    from benchmarks.active_learning.teacher import Teacher, hear

    said = {one.key: one.said for one in hospital.pool}
    wrong = planted(list(said.values()), rng)
    labelled = [replace(one, said=wrong.get(at, one.said)) for at, one in enumerate(hospital.pool)]
    recordings = sorted({one.recording for one in labelled})
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        teacher = Teacher(BASE, replace(hospital, pool=labelled), Path(folder), STEPS)
        for half in range(halves):
            judges = set(recordings[half::2])
            unseen = [one for one in labelled if one.recording not in judges]
            model = teacher.taught([one.key for one in labelled if one.recording in judges], half)
            heard = [
                Heard(hypothesis, one.speech_ms, one.snr_db)
                for one, hypothesis in zip(unseen, hear(model, unseen), strict=True)
            ]
            rows.append(measured(unseen, heard, said))
    return rows


def measured(labelled, heard: Sequence[Heard], said: Mapping[str, str]) -> dict[str, float]:  # type: ignore[no-untyped-def]
    """`said`: what each really holds, by key."""
    found = fit(
        [Corrected(own, one.said, one.recording) for one, own in zip(labelled, heard, strict=True)],
        1.0,
    )
    if found is None:
        raise SystemExit("too few wrong words to learn trust from")
    pairs = list(zip(labelled, heard, strict=True))
    ours = np.array([label_wrong(one.said, own, found.calibration) for one, own in pairs])
    theirs = np.array([uncalibrated(one.said, own) for one, own in pairs])
    truly = np.array([one.said != said[one.key] for one in labelled])
    back, tenth = int((ours >= COMES_BACK_FROM).sum()), max(1, len(labelled) // 10)
    rate = total(cer(said[one.key], own.hypothesis.text) for one, own in pairs).rate
    row = {"cer_of_the_model": rate, "labels": len(labelled), "brought_back": back / len(labelled)}
    for suffix, scores in (("", ours), ("_peer", theirs)):
        order = np.argsort(-scores, kind="stable")
        row[f"precision{suffix}"] = float(truly[order[:back]].mean()) if back else 0.0
        row[f"recall{suffix}"] = float(truly[order[:back]].sum() / truly.sum())
        row[f"recall_in_first_tenth{suffix}"] = float(truly[order[:tenth]].sum() / truly.sum())
    return row


def _unit(name: str) -> str:
    return "labels" if name == "labels" else "fraction"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one half, once")
    main(*((60, 1, 1) if parser.parse_args().quick else (90, 3, 2)))
