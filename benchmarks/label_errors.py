"""How many wrong labels are found, and how many right ones are brought back in vain.

The demo hospital's clinical sentences in the rooms of its sites, decoded by the base model; 5 % of the labels
are made wrong: a character that sounds or looks plausible, a word left out, another drug. Trust in the model
is fitted on the same labels, wrong ones included, as in the product. Peer: the place of greatest difference
by the recogniser's own probabilities, at the same number of labels brought back.
Run: `python -m benchmarks.label_errors [--quick]`
"""

import argparse
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass

import django
import numpy as np

from annotation.ranking.calibration import Calibration, Corrected, fit
from annotation.ranking.label_errors import COMES_BACK_FROM, label_wrong
from annotation.ranking.words import Heard, raw_probability_wrong, wrong_words
from benchmarks.figures import Figure, emit
from speech.grammar import DEMO_LEXICON, clinical_sentence
from speech.metrics import cer, summarise
from speech.recognizer import DecodeOptions, load

WRONG_SHARE = 0.05
BATCH = 16
A_RECORDING = 7  # utterances that stand for one recording when trust is fitted
DRUGS = tuple(term for term in DEMO_LEXICON.terms() if term.isascii())
COMMAND = "python -m benchmarks.label_errors"


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said, and what the model heard."""

    text: str
    heard: Heard


def decoded(count: int) -> list[Spoken]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.main")
    django.setup()  # the cast names roles
    from training.demo.cast import RECORDED_SPEAKERS, SITES
    from training.demo.scenes import assign, speak

    rng = random.Random(11)
    sentences = [clinical_sentence(rng, DEMO_LEXICON) for _ in range(count)]
    scenes = assign(sentences, RECORDED_SPEAKERS, tuple(site.channel for site in SITES), "label-errors")
    ear = load(os.environ.get("AUSCULT_BASE_MODEL", "models/auscult-base"))
    spoken: list[Spoken] = []
    for first in range(0, count, BATCH):
        takes = [speak(scene) for scene in scenes[first : first + BATCH]]
        heard = ear.transcribe([take.samples for take in takes], DecodeOptions(window="speech"))
        for take, hypothesis in zip(takes, heard, strict=True):
            speech_ms = take.words[-1].end_ms - take.words[0].start_ms
            spoken.append(Spoken(take.text, Heard(hypothesis, speech_ms)))
    return spoken


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


def learned(labels: Sequence[str], spoken: Sequence[Spoken]) -> Calibration:
    corrected = [
        Corrected(one.heard, label, str(at // A_RECORDING))
        for at, (label, one) in enumerate(zip(labels, spoken, strict=True))
    ]
    found = fit(corrected, 1.0)
    if found is None:
        raise SystemExit("too few utterances to learn from")
    return found.calibration


def uncalibrated(label: str, heard: Heard) -> float:
    """The peer: how sure the recogniser itself is of the surest word that the label contradicts."""
    contradicted, _ = wrong_words(heard.hypothesis, label)
    sure = 1 - raw_probability_wrong(heard.hypothesis)
    return float(max(sure[contradicted], default=0.0))


def main(count: int, draws: int) -> None:
    spoken = decoded(count)
    texts = [one.text for one in spoken]
    counts = [cer(one.text, one.heard.hypothesis.text) for one in spoken]
    say("cer_of_the_model", summarise(counts).corpus)
    rows = [measured(texts, spoken, random.Random(seed)) for seed in range(draws)]
    for name in ("precision", "recall", "recall_in_first_tenth"):
        ours = [row[name] for row in rows]
        theirs = [row[f"{name}_peer"] for row in rows]
        say(name, float(np.mean(ours)), float(np.mean(theirs)))
    say("brought_back", float(np.mean([row["brought_back"] for row in rows])))


def measured(texts: Sequence[str], spoken: Sequence[Spoken], rng: random.Random) -> dict[str, float]:
    wrong = planted(texts, rng)
    labels = [wrong.get(at, text) for at, text in enumerate(texts)]
    calibration = learned(labels, spoken)
    ours = np.array(
        [label_wrong(label, one.heard, calibration) for label, one in zip(labels, spoken, strict=True)]
    )
    theirs = np.array([uncalibrated(label, one.heard) for label, one in zip(labels, spoken, strict=True)])
    truly = np.zeros(len(texts), bool)
    truly[list(wrong)] = True
    back = int((ours >= COMES_BACK_FROM).sum())
    tenth = max(1, len(texts) // 10)
    found: dict[str, float] = {"brought_back": back / len(texts)}
    for suffix, scores in (("", ours), ("_peer", theirs)):
        order = np.argsort(-scores, kind="stable")
        found[f"precision{suffix}"] = float(truly[order[:back]].mean()) if back else 0.0
        found[f"recall{suffix}"] = float(truly[order[:back]].sum() / truly.sum())
        found[f"recall_in_first_tenth{suffix}"] = float(truly[order[:tenth]].sum() / truly.sum())
    return found


def say(name: str, value: float, peer: float | None = None) -> None:
    figure = Figure("label_errors", name, round(value, 3), "fraction", COMMAND)
    if peer is not None:
        ratio = round(value / max(peer, 1e-9), 2)
        figure = Figure(
            "label_errors",
            name,
            round(value, 3),
            "fraction",
            COMMAND,
            peer="the recogniser's own probabilities",
            peer_value=round(peer, 3),
            ratio=ratio,
        )
    emit(figure)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="200 utterances in place of 800")
    main(*((200, 5) if parser.parse_args().quick else (800, 20)))
