"""Parakeet with a CTC or a TDT decoder, through transformers' own greedy search.

Of DecodeOptions it follows `max_new_tokens` and `word_times`. It has no prompt: `language` and `prompt_terms`
change nothing, and it has no window: `window` neither. Imports torch: never in the web process.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import torch
from transformers import ParakeetForCTC, ParakeetForTDT, ParakeetProcessor
from transformers.utils.logging import disable_progress_bar

from speech.backends.long_utterance import cut, joined
from speech.backends.parakeet_decode import Emission, greedy_ctc, greedy_tdt
from speech.backends.pieces import whole_pieces
from speech.confidence import compression_ratio, words_from_tokens
from speech.model_type import model_type_of
from speech.recognizer import (
    AUTO_LANGUAGE,
    DEFAULT_OPTIONS,
    DecodeOptions,
    ModelLoadError,
    RowOptions,
    per_row,
)
from speech.text import HANZI
from speech.types import Hypothesis, Token, Word

SAMPLES_PER_MS = 16
ROWS_PER_BATCH = 16
LONGEST_MS = 60_000  # attention grows with the square; what is longer is cut at quiet points
SHORTEST_SAMPLES = 3_200  # normalising the features needs more than one frame
MODELS: dict[str, Any] = {"parakeet_ctc": ParakeetForCTC, "parakeet_tdt": ParakeetForTDT}


class ParakeetRecognizer:
    """A Recognizer. `transcribe` is safe to call from several threads; they take turns."""

    has_window = False
    backend = "transformers"

    def __init__(self, ref: str, model: Any, processor: ParakeetProcessor) -> None:
        self.ref = ref
        self._model = model.eval()
        self._tokenizer, self._extractor = processor.tokenizer, processor.feature_extractor
        self._search = greedy_ctc if model.config.model_type == "parakeet_ctc" else greedy_tdt
        samples = self._extractor.hop_length * model.config.encoder_config.subsampling_factor
        self._position_ms = samples / SAMPLES_PER_MS
        self._lock = Lock()

    def transcribe(
        self, batch: Sequence[np.ndarray], options: RowOptions = DEFAULT_OPTIONS
    ) -> list[Hypothesis]:
        """One hypothesis per utterance, in order."""
        each = per_row(options, len(batch))
        found: dict[int, Hypothesis] = {}
        for one in dict.fromkeys(each):
            rows = [row for row, own in enumerate(each) if own == one]
            found.update(zip(rows, self._transcribe_alike([batch[row] for row in rows], one), strict=True))
        return [found[row] for row in range(len(batch))]

    def _transcribe_alike(self, batch: Sequence[np.ndarray], options: DecodeOptions) -> list[Hypothesis]:
        cuts = [cut(samples, LONGEST_MS) for samples in batch]
        heard = iter(self._transcribe_pieces([piece for pieces in cuts for _, piece in pieces], options))
        return [joined([(start_ms, next(heard)) for start_ms, _ in pieces]) for pieces in cuts]

    def _transcribe_pieces(self, pieces: list[np.ndarray], options: DecodeOptions) -> list[Hypothesis]:
        """Utterances of like length share a batch, so that short ones do not pay for long ones."""
        order = sorted(range(len(pieces)), key=lambda i: len(pieces[i]))
        results: dict[int, Hypothesis] = {}
        with self._lock, torch.inference_mode():
            for first in range(0, len(order), ROWS_PER_BATCH):
                rows = order[first : first + ROWS_PER_BATCH]
                results.update(zip(rows, self._decode([pieces[i] for i in rows], options), strict=True))
        return [results[i] for i in range(len(pieces))]

    def _decode(self, batch: list[np.ndarray], options: DecodeOptions) -> list[Hypothesis]:
        made = self._extractor(
            [np.pad(one, (0, max(0, SHORTEST_SAMPLES - len(one)))).astype(np.float32) for one in batch],
            sampling_rate=self._extractor.sampling_rate,
            return_tensors="pt",
            device=self._model.device.type,
        )
        features = made.input_features.to(self._model.device, self._model.dtype)
        mask = made.attention_mask.to(self._model.device)
        rows = self._search(self._model, features, mask, options.max_new_tokens)
        return [
            self._hypothesis(emissions, len(samples) // SAMPLES_PER_MS, options)
            for emissions, samples in zip(rows, batch, strict=True)
        ]

    def _hypothesis(self, emissions: list[Emission], duration_ms: int, options: DecodeOptions) -> Hypothesis:
        pieces = whole_pieces([one.id for one in emissions], self._text)
        tokens = tuple(self._token(text, emissions[start:end]) for text, start, end in pieces)
        words: tuple[Word, ...] = ()
        if options.word_times:
            spans = [(emissions[start].start, emissions[end - 1].end) for _, start, end in pieces]
            words = words_from_tokens(tokens, [self._times_ms(*span, duration_ms) for span in spans])
        text = self._text([one.id for one in emissions]).strip()
        return Hypothesis(
            text=text,
            tokens=tokens,
            words=words,
            avg_logprob=float(np.mean([one.logprob for one in emissions])) if emissions else 0.0,
            compression_ratio=compression_ratio(text),
            language=options.language if options.language != AUTO_LANGUAGE else _language_of(text),
        )

    def _token(self, text: str, emissions: list[Emission]) -> Token:
        """A piece of text and the emissions that make it together."""
        rivals = [self._text([rival]).strip() for rival in emissions[0].rivals] if len(emissions) == 1 else []
        return Token(
            text,
            sum(one.logprob for one in emissions),
            entropy=max(one.entropy for one in emissions),
            margin=min(one.margin for one in emissions),
            rivals=tuple(rival for rival in rivals if rival and "\ufffd" not in rival),
        )

    def _times_ms(self, start: int, end: int, duration_ms: int) -> tuple[int, int]:
        start_ms, end_ms = (min(duration_ms, round(at * self._position_ms)) for at in (start, end))
        return start_ms, end_ms

    def _text(self, ids: Sequence[int]) -> str:
        """`group_tokens` is for raw CTC frames; here every id was emitted once."""
        return self._tokenizer.decode(
            list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False, group_tokens=False
        )


def load(ref: str, adapter: str | None = None, device: str | None = None) -> ParakeetRecognizer:
    """A local folder or a hub id (HF_HUB_OFFLINE is respected), with a PEFT adapter merged in if given.

    On a GPU in float16, otherwise in float32. Raises ModelLoadError.
    """
    if Path(ref).is_absolute() and not Path(ref).is_dir():
        raise ModelLoadError(f"There is no model folder {ref}.")
    model_type = model_type_of(ref)
    if model_type not in MODELS:
        raise ModelLoadError(f"{ref} is a {model_type or 'nameless'} model; decoded are {', '.join(MODELS)}.")
    disable_progress_bar()
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    dtype = torch.float16 if device.startswith("cuda") else torch.float32
    try:
        model = MODELS[model_type].from_pretrained(ref, dtype=torch.float32)
        processor = ParakeetProcessor.from_pretrained(ref)
        if adapter is not None:
            model = _merged(model, adapter)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ModelLoadError(f"The model {ref} could not be loaded: {reason}") from error
    durations = list(getattr(model.config, "durations", []))
    if durations != list(range(len(durations))):
        # transformers' search takes the place of a duration in the list for the duration.
        raise ModelLoadError(f"The model {ref} has durations {durations}; decoded are 0, 1, 2 and so on.")
    torch.nn.Module.to(model, device=torch.device(device), dtype=dtype)
    return ParakeetRecognizer(ref, model, processor)


def _language_of(text: str) -> str:
    """The model does not say; of the two that are spoken here the script tells."""
    return "zh" if re.search(f"[{HANZI}]", text) else "en"


def _merged(model: Any, adapter: str) -> Any:
    from peft import PeftModel  # seconds to import, and only some need it

    return PeftModel.from_pretrained(model, adapter).merge_and_unload()
