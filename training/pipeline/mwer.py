"""A last stage of training, when asked for: fewer expected character errors over an N-best list.

Minimum risk: each hypothesis is weighed by what the model gives it within its list; those with more errors
than the list has on average become less likely (Prabhavalkar et al. 2018, arXiv 1712.01818). A little
cross-entropy keeps what was learned. Killed in the middle it begins again from the last step before it.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

import torch
import torch.distributed as distributed
from torch.nn.functional import cross_entropy
from transformers import AutoProcessor
from transformers.generation import GenerationMixin

from speech import metrics
from training.pipeline.features import IGNORED, Batch
from training.pipeline.folder import emit
from training.pipeline.processes import autocast
from training.pipeline.trainer import Trainer

UTTERANCES = 8  # of one step, over all processes
ENTROPY_WEIGHT = 0.05


def fine_tune(trainer: Trainer, base_ref: str) -> list[float]:
    """-> expected errors per utterance, step by step."""
    config, world = trainer.config, trainer.world
    tokenizer = AutoProcessor.from_pretrained(base_ref).tokenizer
    optimizer = torch.optim.AdamW(trainer.trainable, lr=config.mwer_learning_rate, weight_decay=0.0)
    risks = []
    for number, indices in enumerate(islice(_own(trainer), config.mwer_steps)):
        risk = torch.zeros((), device=world.device)
        for index in indices[world.rank :: world.size]:
            loss, expected = utterance_loss(trainer, index, tokenizer)
            (loss / len(indices)).backward()
            risk += expected / len(indices)
        if world.size > 1:
            for value in trainer.trainable:
                value.grad = torch.zeros_like(value) if value.grad is None else value.grad
                distributed.all_reduce(value.grad)
            distributed.all_reduce(risk)
        torch.nn.utils.clip_grad_norm_(trainer.trainable, config.grad_clip)
        optimizer.step()
        trainer.method.after_step(trainer.total_steps + number + 1)
        optimizer.zero_grad()
        risks.append(float(risk))
        emit(stage="train", doing="mwer", step=number + 1, total_steps=config.mwer_steps, loss=risks[-1])
    return risks


def utterance_loss(trainer: Trainer, index: int, tokenizer) -> tuple[torch.Tensor, torch.Tensor]:  # type: ignore[no-untyped-def]
    """-> (loss, expected character errors) of one utterance."""
    store, device = trainer.store, trainer.world.device
    cut = store.cuts[index]
    window = min(cut.frames + cut.frames % 2 + 20, store.full_frames)
    batch = store.batch([store.frames_of(index)], [index], window)
    with autocast(trainer.world, trainer.config.precision):
        found = n_best(trainer, batch)
        reference = tokenizer.decode(list(cut.ids), skip_special_tokens=True)
        errors = torch.tensor(
            [
                float(metrics.cer(reference, tokenizer.decode(row, skip_special_tokens=True)).errors)
                for row in found
            ],
            device=device,
        )
        scores, entropy = _scores(trainer, batch, found)
    weights = torch.softmax(scores, 0)
    expected = (weights * errors).sum()
    risk = (weights * (errors - errors.mean())).sum()
    return risk + ENTROPY_WEIGHT * entropy, expected.detach()


@torch.no_grad()
def n_best(trainer: Trainer, batch: Batch) -> list[list[int]]:
    """Hypotheses without prompt, the same one never twice.

    Through GenerationMixin itself: Whisper's own generate returns one hypothesis n times.
    """
    model, beams = trainer.model, trainer.config.mwer_beams
    model.eval()
    prefix = trainer.store.prefix
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    made = GenerationMixin.generate(
        base,
        input_features=batch.features.to(trainer.world.device),
        decoder_input_ids=torch.tensor([prefix], device=trainer.world.device),
        num_beams=beams,
        num_return_sequences=beams,
        max_new_tokens=min(trainer.config.max_new_tokens, 2 * batch.targets.shape[1] + 8),
        use_cache=True,
    )
    model.train()
    rows = {tuple(_until_end(row[len(prefix) :].tolist(), trainer.store.pad_id)) for row in made}
    return [list(row) for row in sorted(rows)]


def _until_end(ids: Sequence[int], end: int) -> list[int]:
    return [*ids[: ids.index(end)], end] if end in ids else [*ids]


def _scores(trainer: Trainer, batch: Batch, found: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """-> (log-probability of each hypothesis, mean cross-entropy of the label)."""
    device, prefix = trainer.world.device, trainer.store.prefix
    label = [id for id in batch.targets[0].tolist() if id != IGNORED]
    rows = [*found, label]
    length = max(map(len, rows))
    inputs = torch.full((len(rows), len(prefix) + length - 1), trainer.store.pad_id)
    targets = torch.full((len(rows), len(prefix) + length - 1), IGNORED)
    for at, row in enumerate(rows):
        inputs[at, : len(prefix) + len(row) - 1] = torch.tensor([*prefix, *row[:-1]])
        targets[at, len(prefix) - 1 : len(prefix) - 1 + len(row)] = torch.tensor(row)
    features = batch.features.to(device).expand(len(rows), -1, -1)
    logits = trainer.model(input_features=features, decoder_input_ids=inputs.to(device)).logits.float()
    losses = cross_entropy(
        logits.transpose(1, 2), targets.to(device), ignore_index=IGNORED, reduction="none"
    ).sum(1)
    return -losses[:-1], losses[-1] / len(label)


def _own(trainer: Trainer) -> Iterator[list[int]]:
    """The hospital's own utterances, a few at a time, in the seeded order of the plan."""
    for step in trainer.plan.steps(trainer.total_steps):
        own = [index for index in step.indices if not trainer.store.cuts[index].replay]
        for at in range(0, len(own), UTTERANCES):
            yield own[at : at + UTTERANCES]
