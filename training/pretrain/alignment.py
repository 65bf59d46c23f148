"""Which cross-attention heads follow the speech: measured against the engine's exact word times.

The chosen heads become `generation_config.alignment_heads`, from which word times are computed.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from transformers import WhisperForConditionalGeneration, WhisperTokenizer

from speech.acoustics import Channel
from training.pretrain.batches import BatchMaker
from training.pretrain.text import training_sentence

FRAME_MS = 20


@dataclass(frozen=True, slots=True)
class HeadScore:
    """Share of pieces whose attention peak lies inside their word (30 ms of tolerance)."""

    layer: int
    head: int
    hit_rate: float


@torch.inference_mode()
def score_heads(
    model: WhisperForConditionalGeneration, tokenizer: WhisperTokenizer, sentences: int = 96, seed: int = 7
) -> list[HeadScore]:
    """All cross-attention heads, the best first."""
    rng, maker = random.Random(seed), BatchMaker(tokenizer, piece_dropout=0.0)
    model.eval()
    implementation = model.config._attn_implementation
    # Only eager attention hands out its weights.
    model.set_attn_implementation("eager")
    hits = torch.zeros(model.config.decoder_layers, model.config.decoder_attention_heads)
    pieces = 0
    for _ in range(sentences):
        one = maker.utterance(rng, training_sentence(rng, 24), Channel())
        batch = maker.batch([one], 0, None)
        output = model(input_features=batch.features, decoder_input_ids=batch.inputs, output_attentions=True)
        # (layers, heads, tokens, frames); row t of the decoder predicts piece t - 3 of the text.
        peaks = torch.stack([layer[0] for layer in output.cross_attentions]).argmax(-1)
        row = 3
        for ids, start_ms, end_ms in one.timed:
            for _ in ids:
                peak_ms = (peaks[:, :, row].float() + 0.5) * FRAME_MS
                hits += ((peak_ms >= start_ms - 30) & (peak_ms <= end_ms + 30)).float()
                row += 1
                pieces += 1
    model.set_attn_implementation(implementation)
    rates = hits / pieces
    scores = [
        HeadScore(layer, head, round(rates[layer, head].item(), 4))
        for layer in range(rates.shape[0])
        for head in range(rates.shape[1])
    ]
    return sorted(scores, key=lambda score: -score.hit_rate)


def choose_heads(scores: Sequence[HeadScore], margin: float = 0.02) -> list[list[int]]:
    """[layer, head] of the best one and of those nearly as good; averaging with worse ones blurs times."""
    best = max(score.hit_rate for score in scores)
    return [[score.layer, score.head] for score in scores if score.hit_rate >= best - margin]
