"""Whisper through CTranslate2, called directly, with windows as long as the speech. Never imports torch.

int8 on a CPU, float16 on a GPU. The model is a merged transformers folder, converted once (ct2_folder.py).
CTranslate2 takes any number of frames up to 3,000 at proportional cost; faster-whisper above it always pads.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from transformers import WhisperTokenizer

from speech.backends.ct2_folder import converted
from speech.backends.decoded import RIVALS, Decoded, Prompt
from speech.backends.whisper_base import WhisperBase
from speech.backends.whisper_folder import card_of, check_folder, local_folder
from speech.backends.whisper_text import TextConfig, WhisperText
from speech.recognizer import ModelLoadError, has_accelerator

COMPUTE_TYPES = {"cpu": "int8", "cuda": "float16"}


class Ct2Acoustics:
    """Acoustics of a converted model."""

    def __init__(self, model: Any) -> None:
        self.model = model

    @property
    def compute_type(self) -> str:
        return str(self.model.compute_type)

    def encode(self, features: np.ndarray) -> Any:
        return self.model.encode(ctranslate2.StorageView.from_array(np.ascontiguousarray(features)))

    def take(self, encoded: Any, rows: Sequence[int]) -> Any:
        held = encoded if encoded.device == "cpu" else encoded.to_device(ctranslate2.Device.cpu)
        return ctranslate2.StorageView.from_array(np.asarray(held)[list(rows)])

    def languages(self, encoded: Any, text: WhisperText, ids: dict[str, int]) -> list[str]:
        """CTranslate2 asks only a model with a vocabulary as large as openai's for its languages. Another is
        asked by a search of one step for nothing but language tokens; that an utterance without times ended
        just before keeps the search from wanting a time first."""
        if self.model.is_multilingual:
            return [
                max(ids, key=lambda code: probability.get(f"<|{code}|>", 0.0))
                for probability in map(dict, self.model.detect_language(encoded))
            ]
        start = text.known["<|startoftranscript|>"]
        prefix = [start, text.known["<|notimestamps|>"], text.config.end, start]
        results = self.model.generate(
            encoded,
            [prefix] * encoded.shape[0],
            beam_size=1,
            max_length=len(prefix) + 4,
            suppress_tokens=sorted(set(range(text.config.vocab_size)) - set(ids.values())),
            suppress_blank=False,
        )
        codes = {token: code for code, token in ids.items()}
        spoken = [result.sequences_ids[0] for result in results]  # what was forced stands in them too
        return [codes[one[one.index(start) + 1]] for one in spoken]

    def search(self, encoded: Any, prompts: Sequence[Prompt], budgets: Sequence[int]) -> list[Decoded]:
        length, prompt = max(budgets), prompts[0]
        results = self.model.generate(
            encoded,
            [list(one.prefix) for one in prompts],
            beam_size=1,
            # It stops at half of this or at this less the prompt, whichever comes first.
            max_length=max(2 * length, length + len(prompt.prefix)),
            suppress_tokens=list(prompt.suppress),
            suppress_blank=bool(prompt.suppress_at_begin),
            return_logits_vocab=True,
            return_no_speech_prob=prompt.no_speech is not None,
        )
        return [
            _decoded(one, budget, prompt.no_speech is not None)
            for one, budget in zip(results, budgets, strict=True)
        ]

    def starts(
        self, encoded: Any, prompts: Sequence[Prompt], decoded: Sequence[Decoded], positions: Sequence[int]
    ) -> list[np.ndarray]:
        """By CTranslate2's own alignment, without the text before: rows of one language share a call."""
        found: dict[int, np.ndarray] = {}
        for start in sorted({prompt.prefix[prompt.start : -1] for prompt in prompts}):
            rows = [i for i, one in enumerate(prompts) if one.prefix[one.start : -1] == start]
            results = self.model.align(
                encoded if len(rows) == len(prompts) else self.take(encoded, rows),
                list(start),
                [list(decoded[row].ids) for row in rows],
                [2 * positions[row] for row in rows],
            )
            for row, result in zip(rows, results, strict=True):
                found[row] = _starts(result.alignments, len(decoded[row].ids), positions[row])
        return [found[row] for row in range(len(prompts))]


def _decoded(result: Any, budget: int, has_no_speech: bool) -> Decoded:
    """The logits are of every step, the end of text included, with what is suppressed at minus infinity."""
    ids = result.sequences_ids[0]
    logits = np.stack([np.asarray(step) for step in result.logits[0]]).astype(np.float32)
    logprobs = logits - logits.max(axis=1, keepdims=True)
    probabilities = np.exp(logprobs)
    total = probabilities.sum(axis=1, keepdims=True)
    logprobs -= np.log(total)
    entropies = -(probabilities / total * np.maximum(logprobs, -1e4)).sum(axis=1)
    best = np.argpartition(-logprobs, RIVALS, axis=1)[:, : RIVALS + 1]
    best = np.take_along_axis(best, np.argsort(-np.take_along_axis(logprobs, best, 1), axis=1), 1)
    kept = min(len(ids), budget)
    has_end = len(ids) < len(logits) and len(ids) <= budget
    steps = range(kept)
    end_logprob = float(logprobs[len(ids), best[len(ids), 0]]) if has_end else None
    rivals = [[int(i) for i in best[step] if i != ids[step]][:RIVALS] for step in steps]
    return Decoded(
        ids=tuple(ids[:kept]),
        logprobs=tuple(float(logprobs[step, ids[step]]) for step in steps),
        end_logprob=end_logprob,
        no_speech_prob=float(result.no_speech_prob) if has_no_speech else 0.0,
        entropies=tuple(entropies[:kept].tolist()),
        rivals=tuple(map(tuple, rivals)),
        rival_logprobs=tuple(float(logprobs[step, rivals[step][0]]) for step in steps),
    )


def _starts(path: Sequence[tuple[int, int]], tokens: int, positions: int) -> np.ndarray:
    """A path of (token, position) -> where each token and the end begins; what it leaves out begins with what
    follows."""
    starts = np.full(tokens + 1, positions)
    for token, position in reversed(path):
        if token <= tokens:
            starts[token] = position
    return np.minimum.accumulate(starts[::-1])[::-1]


class CTranslate2Recognizer(WhisperBase):
    """A Recognizer of a converted model."""

    backend = "ctranslate2"


def load(
    ref: str, adapter: str | None = None, device: str | None = None, compute_type: str | None = None
) -> CTranslate2Recognizer:
    """A local folder or a hub id that is in the cache. Converts it the first time. Raises ModelLoadError."""
    folder = local_folder(ref)
    check_folder(folder)
    device = device or ("cuda" if has_accelerator() else "cpu")
    kind, _, index = device.partition(":")
    wanted = compute_type or COMPUTE_TYPES.get(kind, "default")
    try:
        target = converted(folder, wanted, Path(adapter) if adapter else None)
        model = ctranslate2.models.Whisper(
            str(target), device=kind, device_index=int(index or 0), compute_type=wanted
        )
        tokenizer = WhisperTokenizer.from_pretrained(folder)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ModelLoadError(f"The model {ref} could not be loaded: {reason}") from error
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return CTranslate2Recognizer(
        ref,
        WhisperText(ref, tokenizer, text_config(folder, config)),
        Ct2Acoustics(model),
        config["num_mel_bins"],
        config["max_source_positions"],
        card_of(folder),
    )


def text_config(folder: Path, config: dict[str, Any]) -> TextConfig:
    path = folder / "generation_config.json"
    generation = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else config
    return TextConfig(
        end=config["eos_token_id"],
        vocab_size=config["vocab_size"],
        max_positions=config["max_target_positions"],
        is_multilingual=bool(generation.get("is_multilingual", True)),
        suppress=tuple(generation.get("suppress_tokens") or ()),
        suppress_at_begin=tuple(generation.get("begin_suppress_tokens") or ()),
    )
