"""Greedy decoding for measurements, of many utterances at a time."""

from collections.abc import Sequence

import numpy as np
import torch
from transformers import WhisperForConditionalGeneration, WhisperTokenizer
from transformers.generation import GenerationMixin

from training.pretrain.batches import FRAME_SAMPLES, FULL_WINDOW_SAMPLES, BatchMaker
from training.pretrain.tokenizer import START, token_id

PREFIX = (START, "<|zh|>", "<|transcribe|>", "<|notimestamps|>")


@torch.inference_mode()
def transcribe(
    model: WhisperForConditionalGeneration,
    tokenizer: WhisperTokenizer,
    waveforms: Sequence[np.ndarray],
    full_window: bool = False,
    batch_size: int = 16,
) -> list[str]:
    """Texts in the order given. Windows are 30 s, or as long as the longest utterance of each batch."""
    maker = BatchMaker(tokenizer)
    prefix = torch.tensor([token_id(tokenizer, token) for token in PREFIX])
    order = sorted(range(len(waveforms)), key=lambda index: len(waveforms[index]))
    texts = [""] * len(waveforms)
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        longest = max(len(waveforms[index]) for index in chosen)
        window = FULL_WINDOW_SAMPLES if full_window else longest + -longest % FRAME_SAMPLES
        features = maker.log_mel([waveforms[index] for index in chosen], window).to(model.dtype)
        # Past Whisper's own generate(): no seek loop, one plain pass.
        ids = GenerationMixin.generate(
            model,  # type: ignore[arg-type]  # the protocol there is stricter than Whisper
            input_features=features,
            decoder_input_ids=prefix.repeat(len(chosen), 1),
            max_new_tokens=160,
            do_sample=False,
            num_beams=1,
        )
        for index, row in zip(chosen, ids, strict=True):
            texts[index] = tokenizer.decode(row[len(prefix) :], skip_special_tokens=True)
    return texts
