"""Parakeet's greedy search by transformers' `generate`, and what it does not tell: a score for every token.

Plain tensors in and out. Positions are frames of the encoder's output (80 ms).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch

RIVALS = 5  # second choices that are kept for each token


@dataclass(frozen=True, slots=True)
class Emission:
    """One token from position `start` to `end`, its log-probability, and what is needed to doubt it.

    `entropy` in nats of its choice, `margin` the log-probability ahead of the second choice.
    """

    id: int
    start: int
    end: int
    logprob: float
    entropy: float
    margin: float
    rivals: tuple[int, ...]


@torch.inference_mode()
def greedy_ctc(
    model: Any, features: torch.Tensor, mask: torch.Tensor, most_tokens: int
) -> list[list[Emission]]:
    """features (rows, frames, mels), mask (rows, frames). A run of one token is one emission, scored where it
    is most probable; `most_tokens` of each row are kept."""
    made = model.generate(input_features=features, attention_mask=mask, return_dict_in_generate=True)
    logprobs = made.logits.float().log_softmax(-1)
    blank = model.config.pad_token_id
    rows = []
    for ids, own in zip(made.sequences.tolist(), logprobs, strict=True):
        spans = [span for span in _runs(ids) if span[0] != blank][:most_tokens]
        best = [start + int(own[start:end, id].argmax()) for id, start, end in spans]
        rows.append([_emission(*span, own[at], blank) for span, at in zip(spans, best, strict=True)])
    return rows


@torch.inference_mode()
def greedy_tdt(
    model: Any, features: torch.Tensor, mask: torch.Tensor, most_tokens: int
) -> list[list[Emission]]:
    """The same for a transducer that says how many positions each token takes. A row that has come to its end
    goes on while others have not: what it says then is dropped."""
    config = model.config
    lengths = model._get_subsampling_output_length(mask.sum(-1)).tolist()
    steps = max(lengths) + most_tokens  # a blank takes a position or more
    with _projected(model) as projected:
        made = model.generate(input_features=features, attention_mask=mask, max_new_tokens=steps)
    spans = []
    for ids, durations, length in zip(made.sequences.tolist(), made.durations.tolist(), lengths, strict=True):
        at, own = 0, []
        for id, duration in zip(ids[1:], durations[1:], strict=True):
            if at >= length:
                break
            if id != config.blank_token_id:
                own.append((id, at, min(at + duration, length)))
            at += duration
        spans.append(own[:most_tokens])
    return _scored(model, projected[0], spans)


def _scored(
    model: Any, encoded: torch.Tensor, spans: list[list[tuple[int, int, int]]]
) -> list[list[Emission]]:
    """One more pass of the small decoder, over what was emitted: `generate` keeps no scores.

    `encoded` (rows, positions, width); a token is scored where it was emitted, after those before it.
    """
    blank, vocabulary = model.config.blank_token_id, model.config.vocab_size
    longest = max(map(len, spans))
    if not longest:
        return [[] for _ in spans]
    ids = torch.full((len(spans), longest), blank, device=encoded.device)
    at = torch.zeros((len(spans), longest), dtype=torch.long, device=encoded.device)
    for row, own in enumerate(spans):
        for index, (id, start, _) in enumerate(own):
            at[row, index] = start
            if index + 1 < longest:
                ids[row, index + 1] = id
    heard = encoded.gather(1, at[:, :, None].expand(-1, -1, encoded.shape[-1]))
    logits = model.joint(decoder_hidden_states=model.decoder(ids), encoder_hidden_states=heard)
    logprobs = logits[..., :vocabulary].float().log_softmax(-1)
    return [
        [_emission(*span, logprobs[row, index], blank) for index, span in enumerate(own)]
        for row, own in enumerate(spans)
    ]


def _emission(id: int, start: int, end: int, logprobs: torch.Tensor, blank: int) -> Emission:
    best = logprobs.topk(RIVALS + 1)
    others = [
        (value, rival)
        for value, rival in zip(best.values.tolist(), best.indices.tolist(), strict=True)
        if rival != id
    ]
    entropy = -(logprobs.exp() * logprobs.nan_to_num(neginf=0.0)).sum()
    return Emission(
        id,
        start,
        end,
        float(logprobs[id]),
        float(entropy),
        float(logprobs[id]) - others[0][0],
        tuple(rival for _, rival in others if rival != blank),
    )


def _runs(ids: list[int]) -> Iterator[tuple[int, int, int]]:
    """(id, start, end) of each run of equal ids."""
    at = 0
    for id, run in groupby(ids):
        end = at + len(list(run))
        yield id, at, end
        at = end


@contextmanager
def _projected(model: Any) -> Iterator[list[torch.Tensor]]:
    """While inside, keeps what the joint network is given of the encoder, so that it is not run twice."""
    kept: list[torch.Tensor] = []
    hook = model.encoder_projector.register_forward_hook(lambda _module, _inputs, output: kept.append(output))
    try:
        yield kept
    finally:
        hook.remove()
