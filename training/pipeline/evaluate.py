"""Stage 6: base and new model on the frozen sets, decoded alike, scored by the one normaliser.

Only what lies on disk is scored: the model is loaded as a hospital would load it. It also decides
whether the new model may decode windows as long as the speech: by its own CER both ways.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from speech import manifest, metrics, recognizer
from speech.manifest import Utterance
from speech.metrics import ErrorCount
from speech.recognizer import DecodeOptions, Recognizer
from speech.text import NORMALISER_VERSION, tokens
from training.pipeline.config import EvaluationInput, PipelineConfig
from training.pipeline.folder import RunFolder, emit, write_jsonl
from training.pipeline.weights import card_of, window_of, write_card

MEDICAL = "medical"


@dataclass(frozen=True, slots=True)
class Heard:
    """One utterance as one model heard it."""

    utterance: Utterance
    hypothesis: str

    @property
    def count(self) -> ErrorCount:
        return metrics.cer(self.utterance.text, self.hypothesis)


def run(folder: RunFolder) -> dict[str, Any]:
    if not folder.inputs.evaluation_sets:
        return {"scores": [], "variable_window": False, "window_proof": {}}
    config, root = folder.config, folder.data_root
    sets = [(one, manifest.read(root / one.manifest)) for one in folder.inputs.evaluation_sets]
    model_ref = str(folder.path / "merge" / "model")
    model = recognizer.load(model_ref, backend="transformers")
    proof = prove_windows(model, sets, root, config)
    if not proof["proven"]:
        write_card(Path(model_ref), {**card_of(model_ref), "variable_window": False})
        model = recognizer.load(model_ref, backend="transformers")
    scores = [_score(folder, "model", model, window_of(model_ref), one, rows) for one, rows in sets]
    if any(one.score_base for one, _ in sets):
        base_ref = folder.inputs.base_ref
        base = recognizer.load(base_ref, backend="transformers")
        scores += [
            _score(folder, "base", base, window_of(base_ref), one, rows)
            for one, rows in sets
            if one.score_base
        ]
    return {"scores": scores, "variable_window": proof["proven"], "window_proof": proof}


def prove_windows(
    model: Recognizer,
    sets: Sequence[tuple[EvaluationInput, list[Utterance]]],
    root: Path,
    config: PipelineConfig,
) -> dict[str, Any]:
    """Part of every set decoded both ways; proven when short windows are at most a margin worse."""
    if not getattr(model, "has_window", True):
        return {"proven": False, "reason": "the model has no window"}
    if not card_of(model.ref).get("variable_window") or config.window_proof_utterances == 0:
        return {"proven": False, "reason": "not trained on short windows"}
    share = max(1, config.window_proof_utterances // len(sets))
    rows = [row for _, utterances in sets for row in _spread(utterances, share)]
    rates = {}
    for window in ("speech", "padded"):
        heard = decode(model, rows, root, options_of(config, window), config.eval_batch, f"{window} windows")
        rates[window] = metrics.total(one.count for one in heard).rate
    proven = rates["speech"] <= rates["padded"] + config.window_proof_margin
    return {"proven": proven, "utterances": len(rows), **{f"cer_{key}": rate for key, rate in rates.items()}}


def options_of(config: PipelineConfig, window: str) -> DecodeOptions:
    return DecodeOptions(
        language=config.language, max_new_tokens=config.max_new_tokens, window=window, word_times=False
    )


def decode(
    model: Recognizer,
    utterances: Sequence[Utterance],
    root: Path,
    options: DecodeOptions,
    batch: int,
    doing: str,
) -> list[Heard]:
    """In batches of like length; the result is in the order given."""
    order = sorted(range(len(utterances)), key=lambda i: utterances[i].duration_ms)
    texts: dict[int, str] = {}
    for at in range(0, len(order), batch):
        emit(stage="evaluate", doing=doing, step=at, total_steps=len(order))
        indices = order[at : at + batch]
        samples = [manifest.load_audio(utterances[i], root) for i in indices]
        for i, hypothesis in zip(indices, model.transcribe(samples, options), strict=True):
            texts[i] = hypothesis.text
    return [Heard(utterance, texts[i]) for i, utterance in enumerate(utterances)]


def statistics(heard: Sequence[Heard], config: PipelineConfig) -> dict[str, Any]:
    """The five CER figures of one set with the interval by speaker, and what else is watched."""
    counts = [one.count for one in heard]
    speakers = [one.utterance.speaker for one in heard]
    interval = metrics.bootstrap_interval(counts, groups=speakers, draws=config.bootstrap_draws)
    mixed = metrics.total(metrics.mer(one.utterance.text, one.hypothesis) for one in heard)
    hit, said = np.sum([latin_recall(one) for one in heard], axis=0).tolist()
    return {
        **asdict(metrics.summarise(counts)),
        "interval": list(interval),
        "mer": mixed.rate,
        "latin_heard": hit,
        "latin_said": said,
    }


def latin_recall(heard: Heard) -> tuple[int, int]:
    """Latin words of three letters and more: in Mandarin dictation these are drugs, tests and diagnoses."""
    terms = {
        token
        for token in tokens(heard.utterance.text)
        if token.isascii() and sum(map(str.isalpha, token)) >= 3
    }
    return metrics.term_recall(heard.utterance.text, heard.hypothesis, terms)


def _score(
    folder: RunFolder,
    subject: str,
    model: Recognizer,
    window: str,
    one: EvaluationInput,
    utterances: Sequence[Utterance],
) -> dict[str, Any]:
    options = options_of(folder.config, window)
    doing = f"{one.name}, {subject}"
    heard = decode(model, utterances, folder.data_root, options, folder.config.eval_batch, doing)
    results = folder.path / "evaluate" / f"{subject}-{one.id}.jsonl"
    write_jsonl(results, [_row(row) for row in heard])
    return {
        "set": one.id,
        "set_name": one.name,
        "kind": one.kind,
        "subject": subject,
        **statistics(heard, folder.config),
        "results": str(results),
        "settings": options.as_dict(),
        "normaliser_version": NORMALISER_VERSION,
    }


def _row(heard: Heard) -> dict[str, Any]:
    count = heard.count
    return {
        "id": heard.utterance.id,
        "speaker": heard.utterance.speaker,
        "reference": heard.utterance.text,
        "hypothesis": heard.hypothesis,
        "errors": count.errors,
        "length": count.reference_length,
        "rate": round(count.rate, 5),
    }


def _spread(utterances: Sequence[Utterance], most: int) -> list[Utterance]:
    """At most `most`, evenly over the set."""
    every = max(1, len(utterances) // most)
    return list(utterances[::every][:most])
