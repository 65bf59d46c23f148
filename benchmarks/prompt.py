"""Whether telling the recogniser a site's terms before it listens helps: CER and term recall both ways.

Fresh sentences of the demo hospital, spoken by voices that the base has not heard, none of them in a frozen
set. Told: every term of its lexicon (what finds room), the terms that each sentence really holds (the best
that any choice could do), or as many terms of another lexicon (what a wrong choice costs).
Run: `python -m benchmarks.prompt [--quick]`
"""

import argparse
import os
import random
from collections.abc import Callable, Sequence

from benchmarks.decode import QUIET_ROOM
from benchmarks.figures import Figure, emit
from speech.grammar import DEMO_LEXICON, PRETRAIN_LEXICON, clinical_sentence
from speech.lexicon import Lexicon, Term
from speech.metrics import bootstrap_difference, cer, summarise, term_recall
from speech.recognizer import DecodeOptions, Recognizer, load
from speech.voices import DEMO_VARIANTS, draw_voice
from training.demo.scenes import Take, assign, speak_all

BATCH = 8
COMMAND = "python -m benchmarks.prompt"
TERMS = DEMO_LEXICON.terms()
TOLD, VOICES = 40, 6

Choice = Callable[[Take], Sequence[str]]


def takes(count: int) -> list[Take]:
    rng = random.Random(11)
    sentences = [clinical_sentence(rng, DEMO_LEXICON) for _ in range(count)]
    voices = tuple(draw_voice(rng, DEMO_VARIANTS) for _ in range(VOICES))
    return list(speak_all(assign(sentences, voices, (QUIET_ROOM,), "prompt")))


def choices() -> dict[str, Choice]:
    lexicon = Lexicon(Term(text) for text in TERMS)
    rng = random.Random(3)
    site, other = rng.sample(TERMS, TOLD), rng.sample(PRETRAIN_LEXICON.terms(), TOLD)
    return {
        "nothing": lambda take: (),
        "site_terms": lambda take: site,
        "spoken_terms": lambda take: [term.text for term in lexicon.find(take.text)],
        "foreign_terms": lambda take: other,
    }


def heard(recognizer: Recognizer, spoken: Sequence[Take], choice: Choice) -> list[str]:
    """One by one where the prompt changes with the utterance, else in batches."""
    texts: dict[int, str] = {}
    by_prompt: dict[tuple[str, ...], list[int]] = {}
    for i, take in enumerate(spoken):
        by_prompt.setdefault(tuple(choice(take)), []).append(i)
    for terms, rows in by_prompt.items():
        options = DecodeOptions(word_times=False, prompt_terms=terms)
        for at in range(0, len(rows), BATCH):
            batch = rows[at : at + BATCH]
            found = recognizer.transcribe([spoken[i].samples for i in batch], options)
            texts |= {i: one.text for i, one in zip(batch, found, strict=True)}
    return [texts[i] for i in range(len(spoken))]


def main(count: int) -> None:
    recognizer = load(os.environ.get("AUSCULT_BASE_MODEL", "models/auscult-base"), "transformers")
    spoken = takes(count)
    plain = None
    for name, choice in choices().items():
        texts = heard(recognizer, spoken, choice)
        counts = [cer(take.text, text) for take, text in zip(spoken, texts, strict=True)]
        rate = summarise(counts).corpus
        recalls = [term_recall(t.text, text, TERMS) for t, text in zip(spoken, texts, strict=True)]
        recall = sum(hit for hit, _ in recalls) / max(1, sum(said for _, said in recalls))
        if plain is None:
            plain = (counts, rate, recall)
        before, rate_before, recall_before = plain
        low, high = bootstrap_difference(before, counts)
        peer = f"nothing told; difference {low:+.4f} to {high:+.4f}"
        emit(
            Figure("prompt", f"cer_{name}", round(rate, 4), "fraction", COMMAND, peer, round(rate_before, 4))
        )
        emit(
            Figure(
                "prompt",
                f"term_recall_{name}",
                round(recall, 4),
                "fraction",
                COMMAND,
                "nothing told",
                round(recall_before, 4),
            )
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    main(24 if parser.parse_known_args()[0].quick else 160)
