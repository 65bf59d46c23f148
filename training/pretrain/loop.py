"""The training loop: attention loss, frame-level cross-entropy and guided attention, from random weights.

espeak tells where every hanzi, word and phoneme is, so each encoder frame has a known phoneme and piece,
and each piece a place where attention should be. Heads and guide are dropped at export. With frame labels
of pieces alone the encoder had learned little after 500 steps (phonemes: 100 are enough) and attention
had not aligned after 1,700 (guided: within 250).
"""

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.utils.data import DataLoader
from transformers import WhisperForConditionalGeneration, WhisperTokenizer

from training.pretrain.batches import IGNORED, PHONEME_CLASSES, Batch
from training.pretrain.corpus import Corpus, Curriculum
from training.pretrain.guide import AttentionGuide
from training.pretrain.tokenizer import END, token_id

LOG_EVERY = 20
FRAME_STRIDE = 4


@dataclass(frozen=True, slots=True)
class LoopConfig:
    """Ends at `steps` or after `minutes`, whichever is first; the schedule follows the nearer end."""

    steps: int = 6000
    minutes: float = 90.0
    learning_rate: float = 2.4e-3
    bf16: bool = False  # matrix products in bfloat16: half the time where the processor has them
    final_learning_rate: float = 1e-5
    warmup_steps: int = 150
    weight_decay: float = 0.01
    frame_loss_share: float = 0.4
    phoneme_loss: float = 0.3
    guide_loss: float = 0.3
    seed: int = 0
    loader_processes: int = 1
    checkpoint_minutes: float = 8.0
    curriculum: Curriculum = field(default_factory=Curriculum)


class FrameHeads(nn.Module):
    """Used in training only: pieces from the encoder's last layer, phonemes from the middle.

    A phoneme is heard long before a character is known: it gives the lower layers their gradient from
    the first steps on.
    """

    def __init__(self, model: WhisperForConditionalGeneration, piece_classes: int) -> None:
        super().__init__()
        width, layers = model.config.d_model, model.model.encoder.layers
        self.pieces = nn.Linear(width, piece_classes)
        self.phonemes = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, PHONEME_CLASSES))
        self._middle: torch.Tensor | None = None
        layers[(len(layers) - 1) // 2].register_forward_hook(self._keep)

    def _keep(self, layer: nn.Module, arguments: Any, output: Any) -> None:
        self._middle = output[0] if isinstance(output, tuple) else output

    def forward(self, hidden: torch.Tensor, offset: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Encoder output (rows, T, width) of the pass just made -> logits of every fourth frame, flat."""
        assert self._middle is not None
        middle, self._middle = self._middle, None
        pieces = self.pieces(hidden[:, offset::FRAME_STRIDE])
        return pieces.flatten(0, 1), self.phonemes(middle[:, offset::FRAME_STRIDE]).flatten(0, 1)


class Pretraining:
    """Model, frame head and optimizer with a resumable position (step and seconds trained).

    In a torch.distributed group every process is a replica with batches of its own; gradients are
    averaged once a step. Two processes of one thread beat one of two threads, and on a busy machine by
    far: there threads wait for each other many times a step.
    """

    def __init__(
        self, model: WhisperForConditionalGeneration, tokenizer: WhisperTokenizer, config: LoopConfig
    ) -> None:
        self.model, self.tokenizer, self.config = model, tokenizer, config
        # Faster than the fused attention on a CPU, in bfloat16 by far.
        model.set_attn_implementation("eager")
        # Pieces come before the special tokens; the end token stands for a frame of silence.
        classes = token_id(tokenizer, END) + 1
        self.head = FrameHeads(model, classes)
        self.guide = AttentionGuide(model)
        parameters = [p for p in (*model.parameters(), *self.head.parameters()) if p.requires_grad]
        self.parameters = parameters
        self.optimizer = torch.optim.AdamW(
            [
                {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.weight_decay},
                {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
            ],
            lr=config.learning_rate,
            betas=(0.9, 0.98),
            fused=True,
        )
        self.step = 0
        self.trained_s = 0.0
        self.replica = dist.get_rank() if dist.is_initialized() else 0
        self.replicas = dist.get_world_size() if dist.is_initialized() else 1

    def run(self, folder: Path, checkpointed: Callable[["Pretraining"], None] = lambda _: None) -> None:
        """Train to the end, writing `state.pt` and `log.jsonl` into the folder; resumes from state.pt."""
        folder.mkdir(parents=True, exist_ok=True)
        state = folder / "state.pt"
        if state.exists():
            self.restore(state)
        config = self.config
        corpus = Corpus(self.tokenizer, config.curriculum, config.seed, self.step, self.replica)
        loader = DataLoader(
            corpus,
            batch_size=None,
            num_workers=config.loader_processes,
            prefetch_factor=6 if config.loader_processes else None,
        )
        mark, last_checkpoint = time.monotonic(), time.monotonic()
        self.model.train()
        for batch in loader:
            with torch.autocast("cpu", torch.bfloat16, enabled=config.bf16):
                figures = self.train_step(batch)
            now = time.monotonic()
            self.trained_s, mark = self._same_for_all(self.trained_s + now - mark), now
            done = self.progress() >= 1.0
            if self.replica > 0:
                if done:
                    return
                continue
            if figures:
                _append(folder / "log.jsonl", {"step": self.step, "s": round(self.trained_s), **figures})
            if done or now - last_checkpoint > 60 * config.checkpoint_minutes:
                self.save(state)
                checkpointed(self)
                # Neither measuring nor writing counts as training time.
                last_checkpoint = mark = time.monotonic()
            if done:
                return

    def progress(self) -> float:
        """0 at the start, 1 at the end, by steps or by time."""
        return max(self.step / self.config.steps, self.trained_s / (60 * self.config.minutes))

    def learning_rate(self) -> float:
        """Linear warm-up, then cosine to the final rate."""
        config = self.config
        if self.step < config.warmup_steps:
            return config.learning_rate * (self.step + 1) / config.warmup_steps
        cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, self.progress())))
        return config.final_learning_rate + (config.learning_rate - config.final_learning_rate) * cosine

    def train_step(self, batch: Batch) -> dict[str, float]:
        """One optimizer step; every LOG_EVERY steps returns losses and accuracies."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate()
        hidden = self.model.model.encoder(batch.features).last_hidden_state
        decoded = self.model.model.decoder(
            input_ids=batch.inputs, encoder_hidden_states=hidden, use_cache=False
        ).last_hidden_state
        spoken = batch.labels != IGNORED
        logits, labels = self.model.proj_out(decoded[spoken]), batch.labels[spoken]
        attention_loss = nn.functional.cross_entropy(logits, labels)
        # Every fourth frame is enough, each in its turn: the head would cost a fifth of the step.
        offset = self.step % FRAME_STRIDE
        frame_logits, phoneme_logits = self.head(hidden, offset)
        frame_labels = batch.frames[:, offset::FRAME_STRIDE].flatten()
        frame_loss = nn.functional.cross_entropy(frame_logits, frame_labels)
        phoneme_labels = batch.phonemes[:, offset::FRAME_STRIDE].flatten()
        phoneme_loss = nn.functional.cross_entropy(phoneme_logits, phoneme_labels)
        share = self.config.frame_loss_share
        guide_loss = self.guide.loss(batch.spans)
        loss = (1 - share) * attention_loss + share * frame_loss
        loss = loss + self.config.phoneme_loss * phoneme_loss + self.config.guide_loss * guide_loss
        # A batch of few rows (full windows) says less: it steps less.
        (loss * min(1.0, batch.rows / self.config.curriculum.batch_rows)).backward()
        self._average_gradients()
        norm = nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        if self.step % LOG_EVERY:
            return {}
        return {
            "attention_loss": round(attention_loss.item(), 4),
            "frame_loss": round(frame_loss.item(), 4),
            "phoneme_loss": round(phoneme_loss.item(), 4),
            "guide_loss": round(guide_loss.item(), 4),
            "piece_accuracy": round((logits.argmax(-1) == labels).float().mean().item(), 4),
            "frame_accuracy": round((frame_logits.argmax(-1) == frame_labels).float().mean().item(), 4),
            "gradient_norm": round(norm.item(), 3),
            "learning_rate": round(self.learning_rate(), 7),
        }

    def _average_gradients(self) -> None:
        if self.replicas == 1:
            return
        gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in self.parameters]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(flat)
        flat /= self.replicas
        pieces = flat.split([gradient.numel() for gradient in gradients])
        for parameter, piece in zip(self.parameters, pieces, strict=True):
            parameter.grad = piece.view_as(parameter)

    def _same_for_all(self, seconds: float) -> float:
        """The first replica's clock: all must end at the same step."""
        if self.replicas == 1:
            return seconds
        clock = torch.tensor([seconds], dtype=torch.float64)
        dist.broadcast(clock, 0)
        return float(clock.item())

    def save(self, path: Path) -> None:
        """Everything needed to go on; written beside and renamed."""
        state = {
            "model": self.model.state_dict(),
            "head": self.head.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "torch_rng": torch.get_rng_state(),
            "step": self.step,
            "trained_s": self.trained_s,
        }
        torch.save(state, path.with_suffix(".tmp"))
        path.with_suffix(".tmp").replace(path)

    def restore(self, path: Path) -> None:
        """Continue where `save` stopped: the corpus goes on at the same step with fresh sentences."""
        state = torch.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.head.load_state_dict(state["head"])
        self.optimizer.load_state_dict(state["optimizer"])
        for group in self.optimizer.param_groups:
            group.update(fused=True, foreach=False)  # a checkpoint remembers how it was stepped
        torch.set_rng_state(state["torch_rng"])
        self.step, self.trained_s = state["step"], state["trained_s"]


def _append(path: Path, figures: dict[str, Any]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(figures) + "\n")
