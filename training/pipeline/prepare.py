"""Stage 2: clean utterances -> cached features and label ids, split into train and dev.

Decodes sound once. A dev set is made of whole speakers, and no sentence of it stays in train.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from transformers import AutoConfig, AutoProcessor

from speech import manifest
from speech.manifest import Utterance
from speech.text import characters
from training.pipeline.augment import Recipe, another_copy, copy_seed
from training.pipeline.config import PipelineConfig
from training.pipeline.families import family_named
from training.pipeline.features import Cut, write_store
from training.pipeline.folder import RunFolder, emit
from training.pipeline.normalize import REPLAY, EmptyDatasetError
from training.pipeline.pack import pack

MOST_HELD = 100  # utterances: each is decoded once for every share that is tried
OWN, GENERAL = "held-own.jsonl", "held-general.jsonl"


def run(folder: RunFolder) -> dict[str, Any]:
    config = folder.config
    base = AutoConfig.from_pretrained(folder.inputs.base_ref)
    labels = Labels(AutoProcessor.from_pretrained(folder.inputs.base_ref), base, config)
    own, too_long = labels.fitting(manifest.read(folder.path / "normalize/train.jsonl"))
    replay, _ = labels.fitting(manifest.read(folder.path / "normalize/replay.jsonl"))
    if not own:
        raise EmptyDatasetError(
            "No label of the snapshot can be written by the model: too long, or not in its vocabulary."
        )
    train, dev = split(own, config.dev_share, config.seed)
    target = folder.path / "prepare"
    target.mkdir(exist_ok=True)
    if config.strengths:
        # Dev speakers are the better witnesses, where there are any.
        train, held = (train, dev) if dev else hold_out(train, config)
        replay, held_general = hold_out(replay, config)
        manifest.write(target / OWN, held)
        manifest.write(target / GENERAL, held_general)
    learned = [*train, *replay]
    if config.pack:
        learned = pack(learned, folder.data_root, target / "packed", config.pack_s, labels.fits)
    train_cuts = labels.write(target, "train", learned, folder.data_root, copies=True)
    dev_cuts = labels.write(target, "dev", dev, folder.data_root, copies=False)
    return {
        "train_cuts": len(train_cuts),
        "dev_cuts": len(dev_cuts),
        "train_utterances": len(train),
        "dev_utterances": len(dev),
        "replay_utterances": len(replay),
        "left_out_for_dev": len(own) - len(train) - len(dev),
        "label_too_long": too_long,
        "frames": sum(cut.frames for cut in train_cuts),
    }


def split(
    utterances: Sequence[Utterance], dev_share: float, seed: int
) -> tuple[list[Utterance], list[Utterance]]:
    """-> (train, dev), disjoint by speaker and by text.

    With few speakers a whole one is too much to give away: then dev is empty.
    """
    by_speaker: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in utterances:
        by_speaker[utterance.speaker].append(utterance)
    speakers = sorted(by_speaker)
    random.Random(seed).shuffle(speakers)
    dev: list[Utterance] = []
    for speaker in speakers:
        if len(dev) + len(by_speaker[speaker]) <= 2 * dev_share * len(utterances):
            dev += by_speaker[speaker]
        if len(dev) >= dev_share * len(utterances):
            break
    held_speakers = {one.speaker for one in dev}
    held_texts = {characters(one.text) for one in dev}
    train = [
        one
        for one in utterances
        if one.speaker not in held_speakers and characters(one.text) not in held_texts
    ]
    return train, dev


def hold_out(
    utterances: Sequence[Utterance], config: PipelineConfig
) -> tuple[list[Utterance], list[Utterance]]:
    """-> (kept, held out), disjoint by text: a share of the sentences, as many utterances as MOST_HELD."""
    texts = sorted({characters(one.text) for one in utterances})
    wanted = min(round(config.held_share * len(texts)), MOST_HELD)
    held = set(random.Random(config.seed).sample(texts, wanted))
    out = [one for one in utterances if characters(one.text) in held]
    return [one for one in utterances if characters(one.text) not in held], out[:MOST_HELD]


class Labels:
    """Utterances to cuts, by the base model's own processor."""

    def __init__(self, processor: Any, base: Any, config: PipelineConfig) -> None:
        """`base` is the configuration of the base model."""
        self._family, self._config = base.model_type, config
        self._maker = family_named(base.model_type).labels(processor, base, config)
        self.ids, self.features = self._maker.ids, self._maker.features
        self.mels, self.prefix, self.pad_id = self._maker.mels, self._maker.prefix, self._maker.pad_id
        self.full_frames = self._maker.full_frames

    def fits(self, text: str) -> bool:
        """Whether the model can write all of it."""
        return self._maker.writes(text)

    def fitting(self, utterances: Sequence[Utterance]) -> tuple[list[Utterance], int]:
        """-> (utterances that the model can write and hear whole, how many it cannot)."""
        fits = [one for one in utterances if self.fits(one.text) and self._maker.has_time(one)]
        return fits, len(utterances) - len(fits)

    def write(
        self, target: Path, name: str, utterances: Sequence[Utterance], root: Path, copies: bool
    ) -> list[Cut]:
        return write_store(
            target,
            name,
            self._cuts(utterances, root, copies),
            mels=self.mels,
            prefix=self.prefix,
            pad_id=self.pad_id,
            full_frames=self.full_frames,
            family=self._family,
        )

    def _cuts(
        self, utterances: Sequence[Utterance], root: Path, copies: bool
    ) -> Iterator[tuple[Cut, np.ndarray]]:
        extra = self._config.augment_copies if copies and self._config.augment else 0
        recipe = Recipe.of(self._config, root)
        for number, utterance in enumerate(utterances):
            if number % 25 == 0:
                emit(stage="prepare", step=number, total_steps=len(utterances))
            samples = manifest.load_audio(utterance, root)
            replay = utterance.source == REPLAY
            cut = Cut(utterance.id, 0, 0, self.ids(utterance.text), replay)
            yield cut, self.features(samples)
            # Replay is copied too: if only clinical speech were degraded, whatever is hard to hear would
            # come to sound clinical. An epoch holds every copy, in an order of its own; one copy an epoch in
            # turn would show the same in as many steps.
            for copy in range(1, 1 + extra):
                seed = copy_seed(self._config.seed, utterance.id, copy)
                features = self.features(another_copy(samples, recipe, seed))
                yield Cut(utterance.id, 0, 0, cut.ids, replay, copy), features
