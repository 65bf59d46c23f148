"""Stage 1: labels as a person wrote them -> clean training targets; what cannot be learned from is left out.

Counts every utterance that it leaves out, by reason. Knows nothing of models.
"""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from speech import manifest
from speech.manifest import Utterance
from speech.text import prepare_label
from training.pipeline.config import PipelineConfig
from training.pipeline.folder import RunFolder
from training.pipeline.held_out import HeldOut

logger = logging.getLogger(__name__)
REPLAY = "replay"


class EmptyDatasetError(Exception):
    """Nothing is left to train on; the message says what was left out and why."""


def run(folder: RunFolder) -> dict[str, Any]:
    config = folder.config
    kept, dropped = clean(manifest.read(Path(folder.inputs.train_manifest)), config)
    if not kept:
        reasons = ", ".join(f"{reason} {count}" for reason, count in dropped.items()) or "it is empty"
        raise EmptyDatasetError(f"No utterance of the snapshot can be trained on ({reasons}).")
    unseen, leaking = without_leaks(_replay(config, folder.data_root), _held_out(folder))
    replay, replay_dropped = clean(unseen, config)
    target = folder.path / "normalize"
    target.mkdir(exist_ok=True)
    manifest.write(target / "train.jsonl", kept)
    manifest.write(target / "replay.jsonl", [replace(one, source=REPLAY) for one in replay])
    return {
        "utterances": len(kept),
        "duration_s": round(sum(one.duration_ms for one in kept) / 1000, 1),
        "dropped": dict(dropped),
        "replay_utterances": len(replay),
        "replay_dropped": dict(replay_dropped + leaking),
    }


def clean(utterances: Iterable[Utterance], config: PipelineConfig) -> tuple[list[Utterance], Counter[str]]:
    """-> (utterances with their label tidied, how many were left out by reason)."""
    kept: list[Utterance] = []
    dropped: Counter[str] = Counter()
    for utterance in utterances:
        text = prepare_label(utterance.text)
        reason = why_not(text, utterance.duration_ms / 1000, config)
        if reason:
            dropped[reason] += 1
        else:
            kept.append(replace(utterance, text=text))
    return kept, dropped


def without_leaks(utterances: Iterable[Utterance], held_out: HeldOut) -> tuple[list[Utterance], Counter[str]]:
    """-> (what no evaluation set holds, how many were left out by reason).

    A snapshot that leaks is refused before the run; replay speech is anybody's file, so it is only sifted.
    """
    kept: list[Utterance] = []
    dropped: Counter[str] = Counter()
    for one in utterances:
        if reason := held_out.why(speaker=one.speaker, text=one.text):
            dropped[reason] += 1
        else:
            kept.append(one)
    if dropped:
        logger.info("%d replay utterances stand in an evaluation set and are left out", dropped.total())
    return kept, dropped


def why_not(text: str, duration_s: float, config: PipelineConfig) -> str:
    """The reason to leave an utterance out; empty when there is none."""
    if not text:
        return "no_text"
    if duration_s < config.min_duration_s:
        return "too_short"
    if duration_s > config.max_duration_s:
        return "too_long"
    if len(text) / duration_s > config.max_chars_per_s:
        return "more_text_than_time"
    return ""


def _held_out(folder: RunFolder) -> HeldOut:
    return HeldOut.read(folder.data_root / path for path in folder.inputs.held_out)


def _replay(config: PipelineConfig, root: Path) -> list[Utterance]:
    if not config.replay_manifest or config.replay_share == 0:
        return []
    return manifest.read(root / config.replay_manifest)
