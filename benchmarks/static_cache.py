"""Does a key-value cache of fixed size, with or without torch.compile, pay in Whisper's decoder?

The decoder's steps alone (the bundled model, greedy, utterances of 5 s), against the cache that grows. Run:
`python -m benchmarks.static_cache [--quick]`
"""

import argparse
import copy
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from transformers import WhisperForConditionalGeneration
from transformers.cache_utils import EncoderDecoderCache, StaticCache

from benchmarks.figures import Figure, emit

COMMAND = "python -m benchmarks.static_cache"
MODEL = "models/auscult-base"
POSITIONS, STEPS, START = 250, 40, 1
ROWS = (1, 4)

Decoder = Callable[..., Any]


def main(rounds: int) -> None:
    model = WhisperForConditionalGeneration.from_pretrained(MODEL, dtype=torch.float32).eval()
    decoder: Decoder = model.model.decoder
    ways: dict[str, tuple[Decoder, bool]] = {
        "growing cache": (decoder, False),
        "static cache": (decoder, True),
        "static cache, compiled": (torch.compile(decoder), True),
    }
    for rows in ROWS:
        encoded = torch.randn(
            rows, POSITIONS, model.config.d_model, generator=torch.Generator().manual_seed(0)
        )
        ids: dict[str, list[list[int]]] = {}
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(1 + rounds):
            for name, (way, is_static) in ways.items():
                began_s = time.perf_counter()
                ids[name] = _steps(model, way, is_static, encoded)
                taken[name].append(time.perf_counter() - began_s)
        for name in ways:
            _emit(rows, name, taken, ids[name] == ids["growing cache"])


@torch.inference_mode()
def _steps(
    model: WhisperForConditionalGeneration, decoder: Decoder, is_static: bool, encoded: torch.Tensor
) -> list[list[int]]:
    """-> the ids that were chosen, one list for each row."""
    cache = _static(model.config) if is_static else None
    ids = torch.full((len(encoded), 1), START)
    chosen = []
    for _ in range(STEPS):
        output = decoder(input_ids=ids, encoder_hidden_states=encoded, past_key_values=cache, use_cache=True)
        cache = output.past_key_values
        ids = model.proj_out(output.last_hidden_state[:, -1:]).argmax(-1)
        chosen.append(ids[:, 0])
    return torch.stack(chosen, 1).tolist()


def _static(config: Any) -> EncoderDecoderCache:
    own = copy.deepcopy(config)
    own.num_hidden_layers = config.decoder_layers
    return EncoderDecoderCache(StaticCache(own, STEPS + 1), StaticCache(own, POSITIONS))


def _emit(rows: int, name: str, taken: dict[str, list[float]], is_same: bool) -> None:
    """The first call compiles, so it stands apart."""
    first_s, *others = taken[name]
    step_ms = statistics.median(others) * 1000 / STEPS
    growing_ms = statistics.median(taken["growing cache"][1:]) * 1000 / STEPS
    emit(
        Figure(
            "static_cache",
            "decoder_step_ms",
            round(step_ms, 3),
            "ms",
            COMMAND,
            "growing cache",
            round(growing_ms, 3),
            round(growing_ms / step_ms, 2),
            more={"way": name, "rows": rows, "first_s": round(first_s, 1), "same_ids": is_same},
        )
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    main(5 if parser.parse_known_args()[0].quick else 20)
