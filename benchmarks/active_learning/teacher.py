"""Corrections to a new model. What never changes, what the encoder makes of all sound, is computed once.

Only the decoder is tuned: it learns the terms and the manners of speaking, its steps take a moment, and a
campaign trains a hundred times (the product's AdaLoRA needs 600 steps to prune). The same for every strategy.
"""

import random
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from transformers import AutoConfig, AutoProcessor, WhisperForConditionalGeneration

from benchmarks.active_learning.pool import Hospital, Spoken
from speech.backends.whisper import WhisperRecognizer
from speech.recognizer import DecodeOptions
from speech.types import Hypothesis
from training.pipeline.adapter import load_base
from training.pipeline.augment import another_copy
from training.pipeline.batches import window_for
from training.pipeline.config import PipelineConfig
from training.pipeline.features import FRAMES_PER_S, IGNORED, Cut, FeatureStore, write_store
from training.pipeline.prepare import Labels

STEPS, LEARNING_RATE, BATCH_S = 160, 1e-3, 48.0
REPLAY_PER_OWN = 0.25  # cuts of general speech for each cut of a correction
COPIES = 1  # beside the sound as it is
GRID_FRAMES = FRAMES_PER_S  # windows of whole seconds, so that a batch has one length
OPTIONS = DecodeOptions(window="speech")


class Teacher:
    """`folder` takes the features while they are made."""

    def __init__(self, base_ref: str, hospital: Hospital, folder: Path, steps: int = STEPS) -> None:
        self._base_ref, self._steps = base_ref, steps
        self._processor = AutoProcessor.from_pretrained(base_ref)
        whisper = AutoConfig.from_pretrained(base_ref)
        labels = Labels(self._processor, whisper, PipelineConfig())
        write_store(
            folder,
            "all",
            _cuts(hospital, labels),
            mels=whisper.num_mel_bins,
            prefix=labels.prefix,
            pad_id=self._processor.tokenizer.eos_token_id,
            full_frames=2 * whisper.max_source_positions,
        )
        self._store = FeatureStore(folder, "all")
        self._encoded = self._encode(load_base(base_ref).eval())

    def base(self) -> WhisperRecognizer:
        return self._recognizer("base", load_base(self._base_ref))

    def taught(self, corrected: Collection[str], seed: int) -> WhisperRecognizer:
        """The base, its decoder tuned on the segments of these keys, from the start."""
        torch.manual_seed(seed)
        model = load_base(self._base_ref).train()
        weights = [*model.model.decoder.parameters()]
        optimizer = torch.optim.AdamW(weights, lr=LEARNING_RATE, weight_decay=0.0)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, LEARNING_RATE, total_steps=self._steps, pct_start=0.1
        )
        batches = self._batches(set(corrected), random.Random(seed))
        for _, batch in zip(range(self._steps), batches, strict=False):
            self._loss(model, batch).backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
        return self._recognizer(f"taught on {len(corrected)}", model)

    def _loss(self, model: WhisperForConditionalGeneration, indices: Sequence[int]) -> torch.Tensor:
        """Mean cross-entropy of a token."""
        nothing = [np.zeros((1, 1), np.float32)] * len(indices)  # the sound is encoded already
        batch = self._store.batch(nothing, indices, 1)
        encoded = torch.stack([self._encoded[index] for index in indices])
        hidden = model.model.decoder(
            input_ids=batch.decoder_ids, encoder_hidden_states=encoded, use_cache=False
        ).last_hidden_state
        logits = model.proj_out(hidden)
        return cross_entropy(logits.flatten(0, 1), batch.targets.flatten(), ignore_index=IGNORED)

    def _batches(self, wanted: set[str], rng: random.Random) -> Iterator[list[int]]:
        """Endless epochs of batches of one window each, in a seeded order."""
        cuts = list(enumerate(self._store.cuts))
        own = [index for index, cut in cuts if not cut.replay and cut.id in wanted]
        replay = [index for index, cut in cuts if cut.replay]
        while True:
            drawn = [rng.choice(replay) for _ in range(round(REPLAY_PER_OWN * len(own)))]
            yield from self._of_one_window([*own, *drawn], rng)

    def _of_one_window(self, indices: list[int], rng: random.Random) -> list[list[int]]:
        by_window: dict[int, list[int]] = {}
        for index in rng.sample(indices, len(indices)):
            by_window.setdefault(self._window(index), []).append(index)
        batches = []
        for window, members in by_window.items():
            size = max(1, int(BATCH_S * FRAMES_PER_S) // window)
            batches += [members[at : at + size] for at in range(0, len(members), size)]
        return rng.sample(batches, len(batches))

    def _window(self, index: int) -> int:
        window = window_for(self._store.cuts[index].frames, self._store.full_frames)
        return -(-window // GRID_FRAMES) * GRID_FRAMES

    @torch.inference_mode()
    def _encode(self, model: WhisperForConditionalGeneration) -> dict[int, torch.Tensor]:
        """(positions, width) of each cut, in its own window."""
        encoded: dict[int, torch.Tensor] = {}
        for indices in self._of_one_window(list(range(len(self._store.cuts))), random.Random(0)):
            frames = [self._store.frames_of(index) for index in indices]
            features = self._store.batch(frames, indices, self._window(indices[0])).features
            hidden = model.model.encoder(features).last_hidden_state
            encoded.update(zip(indices, (one.clone() for one in hidden), strict=True))
        return encoded

    def _recognizer(self, ref: str, model: WhisperForConditionalGeneration) -> WhisperRecognizer:
        model.config.use_cache = True
        return WhisperRecognizer(ref, model.eval(), self._processor, variable_window=True)


def _cuts(hospital: Hospital, labels: Labels) -> Iterator[tuple[Cut, np.ndarray]]:
    """Each utterance as it is and in other rooms and tempos; features as in training."""
    for spoken, is_replay in ((hospital.pool, False), (hospital.replay, True)):
        for one in spoken:
            for number in range(1 + COPIES):
                rng = np.random.default_rng(crc32(f"{one.key}/{number}".encode()))
                samples = another_copy(one.samples, rng) if number else one.samples
                yield Cut(one.key, 0, 0, labels.ids(one.said), is_replay, number), labels.features(samples)


def hear(recognizer: WhisperRecognizer, spoken: Sequence[Spoken]) -> list[Hypothesis]:
    return recognizer.transcribe([one.samples for one in spoken], OPTIONS)
