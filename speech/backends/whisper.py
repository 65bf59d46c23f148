"""Whisper through transformers: any checkpoint of the family, with its own sizes, on CPU or GPU.

Imports torch: never in the web process. One recogniser owns one model and decodes one batch at a time.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock

import numpy as np
import torch
from transformers import WhisperForConditionalGeneration, WhisperProcessor
from transformers.utils.logging import disable_progress_bar

from speech.alignment import token_frames, trimmed_to_sound
from speech.backends.long_utterance import cut, joined
from speech.backends.whisper_decode import Decoded, Prompt, cross_attention, greedy, likeliest_languages
from speech.confidence import compression_ratio, words_from_tokens
from speech.recognizer import (
    AUTO_LANGUAGE,
    DEFAULT_OPTIONS,
    DecodeOptions,
    ModelLoadError,
    UnknownLanguageError,
)
from speech.types import Hypothesis, Token, Word
from speech.whisper_window import allow_short_windows

SAMPLES_PER_MS = 16
ROWS_PER_BATCH = 16
MARGIN_MS = 200  # silence behind the longest utterance of a short window
SHORTEST_WINDOW_MS = 1_000
FIRST_TOKENS, TOKENS_PER_S = 16, 36  # three byte tokens per hanzi at 12 hanzi a second: nobody is faster
AUTO_LANGUAGES = ("zh", "en")  # what is spoken in these hospitals; of ninety, one is found by mistake
LONGEST_GROUP = 12  # tokens that only make sense together; beyond it is noise


class WhisperRecognizer:
    """A Recognizer. `transcribe` is safe to call from several threads; they take turns."""

    def __init__(
        self,
        ref: str,
        model: WhisperForConditionalGeneration,
        processor: WhisperProcessor,
        variable_window: bool = False,
    ) -> None:
        self.ref = ref
        self.variable_window = variable_window
        self._model = allow_short_windows(model).eval()
        self._tokenizer = processor.tokenizer
        self._extractor = processor.feature_extractor
        encoder = model.model.encoder
        stride = encoder.conv1.stride[0] * encoder.conv2.stride[0]
        self._position_samples = stride * self._extractor.hop_length
        self._full_samples = model.config.max_source_positions * self._position_samples
        self._lock = Lock()
        self._prompts: dict[str, Prompt] = {}

    def transcribe(
        self, batch: Sequence[np.ndarray], options: DecodeOptions = DEFAULT_OPTIONS
    ) -> list[Hypothesis]:
        """One hypothesis per utterance, in order. What is longer than the model's window is cut at quiet
        points and put together again."""
        cuts = [cut(samples, self._full_samples // SAMPLES_PER_MS) for samples in batch]
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
        model = self._model
        features = self._features(batch, options)
        encoded = model.model.encoder(features).last_hidden_state
        if options.language != AUTO_LANGUAGE:
            return self._decode_as(batch, encoded, options)
        languages = self._languages(encoded)
        found: dict[int, Hypothesis] = {}
        for language in sorted(set(languages)):
            rows = [row for row, own in enumerate(languages) if own == language]
            own_options = replace(options, language=language)
            heard = self._decode_as([batch[row] for row in rows], encoded[rows], own_options)
            found.update(zip(rows, heard, strict=True))
        return [found[row] for row in range(len(batch))]

    def _languages(self, encoded: torch.Tensor) -> list[str]:
        known = self._tokenizer.get_vocab()
        ids = {code: known[f"<|{code}|>"] for code in AUTO_LANGUAGES if f"<|{code}|>" in known}
        if not ids:  # an English-only model
            return ["en"] * len(encoded)
        return likeliest_languages(self._model, encoded, known["<|startoftranscript|>"], ids)

    def _decode_as(
        self, batch: list[np.ndarray], encoded: torch.Tensor, options: DecodeOptions
    ) -> list[Hypothesis]:
        model = self._model
        prompt = self._prompts.get(options.language) or self._prompt(options.language)
        self._prompts[options.language] = prompt
        prompt = self._with_terms(prompt, options.prompt_terms)
        budgets = [self._budget(len(samples), len(prompt.prefix), options) for samples in batch]
        decoded = greedy(model, encoded, prompt, budgets)
        positions = [max(1, -(-len(samples) // self._position_samples)) for samples in batch]
        attention: list[torch.Tensor] | None = None
        if options.word_times and any(one.ids for one in decoded):
            attention = cross_attention(model, encoded, prompt, decoded, positions)
        return [
            self._hypothesis(one, samples, attention[row].numpy() if attention else None, options)
            for row, (one, samples) in enumerate(zip(decoded, batch, strict=True))
        ]

    def _features(self, batch: list[np.ndarray], options: DecodeOptions) -> torch.Tensor:
        """Log-mel (rows, mels, frames) in the model's own type: the full window or one of the longest row."""
        window = self._full_samples
        if options.window == "speech" or (options.window == "auto" and self.variable_window):
            longest = max(len(samples) for samples in batch) + MARGIN_MS * SAMPLES_PER_MS
            longest = max(longest, SHORTEST_WINDOW_MS * SAMPLES_PER_MS)
            window = min(window, -(-longest // self._position_samples) * self._position_samples)
        rows = np.zeros((len(batch), window), np.float32)
        for row, samples in zip(rows, batch, strict=True):
            row[: len(samples)] = samples[:window]
        features = self._extractor(
            list(rows),
            sampling_rate=self._extractor.sampling_rate,
            padding="longest",
            return_tensors="pt",
            device=self._model.device.type,
        ).input_features
        return features.to(self._model.device, self._model.dtype)

    def _budget(self, sample_count: int, prefix_length: int, options: DecodeOptions) -> int:
        """Tokens that this much sound can hold, so that a loop ends soon."""
        by_time = FIRST_TOKENS + TOKENS_PER_S * sample_count // (1000 * SAMPLES_PER_MS)
        room = self._model.config.max_target_positions - prefix_length - 1
        return max(1, min(by_time, options.max_new_tokens, room))

    def _prompt(self, language: str) -> Prompt:
        """[start, language, transcribe, no timestamps]; an English-only model knows neither middle one."""
        known, generation = self._tokenizer.get_vocab(), self._model.generation_config
        prefix = ["<|startoftranscript|>"]
        if getattr(generation, "is_multilingual", True) and "<|transcribe|>" in known:
            if f"<|{language}|>" not in known:
                raise UnknownLanguageError(f"{self.ref} has no language {language!r}")
            prefix += [f"<|{language}|>", "<|transcribe|>"]
        prefix += ["<|notimestamps|>"]
        end = self._model.config.eos_token_id
        special = {i for token, i in known.items() if token.startswith("<|") and token.endswith("|>")} - {end}
        beyond = range(len(self._tokenizer), self._model.config.vocab_size)
        no_speech = next((known[t] for t in ("<|nospeech|>", "<|nocaptions|>") if t in known), None)
        return Prompt(
            prefix=tuple(known[token] for token in prefix),
            end=end,
            suppress=tuple(special | set(generation.suppress_tokens or ()) | set(beyond)),
            suppress_at_begin=tuple(generation.begin_suppress_tokens or ()),
            no_speech=no_speech,
        )

    def _with_terms(self, prompt: Prompt, terms: Sequence[str]) -> Prompt:
        """Terms as the text before, where Whisper looks for names and spelling; at most half of its context.

        A model whose vocabulary has no place for a text before is left alone.
        """
        before = self._tokenizer.get_vocab().get("<|startofprev|>")
        if before is None or not terms:
            return prompt
        ids = self._tokenizer.encode(f" {', '.join(terms)}", add_special_tokens=False)
        ids = ids[1 - self._model.config.max_target_positions // 2 :]
        return replace(prompt, prefix=(before, *ids, *prompt.prefix), start=1 + len(ids))

    def _hypothesis(
        self, decoded: Decoded, samples: np.ndarray, attention: np.ndarray | None, options: DecodeOptions
    ) -> Hypothesis:
        groups = self._whole_characters(decoded.ids)
        parts = tuple(self._token(decoded, start, end) for start, end in groups)
        words: tuple[Word, ...] = ()
        if attention is not None and groups:
            frame_ms = self._position_samples / SAMPLES_PER_MS
            duration_ms = len(samples) // SAMPLES_PER_MS
            starts_ms = [min(duration_ms, round(f * frame_ms)) for f in token_frames(attention)]
            times_ms = [(starts_ms[start], starts_ms[end]) for start, end in groups]
            words = words_from_tokens(parts, trimmed_to_sound(times_ms, samples))
        text = self._text(decoded.ids).strip()
        return Hypothesis(
            text=text,
            tokens=parts,
            words=words,
            avg_logprob=decoded.avg_logprob,
            no_speech_prob=decoded.no_speech_prob,
            compression_ratio=compression_ratio(text),
            language=options.language,
        )

    def _token(self, decoded: Decoded, start: int, end: int) -> Token:
        """Ids `start` to `end`, which make whole characters together."""
        margins = [decoded.logprobs[i] - decoded.rival_logprobs[i] for i in range(start, end)]
        rivals = [self._text([rival]) for rival in decoded.rivals[start]] if end - start == 1 else []
        return Token(
            self._text(decoded.ids[start:end]),
            sum(decoded.logprobs[start:end]),
            entropy=max(decoded.entropies[start:end]),
            margin=min(margins),
            rivals=tuple(rival for rival in rivals if rival and "\ufffd" not in rival),
        )

    def _whole_characters(self, ids: Sequence[int]) -> list[tuple[int, int]]:
        """Ranges of ids that decode to whole characters: a hanzi can be cut into up to three byte tokens, and
        a token can hold the end of one and the start of the next. A stray byte goes with what follows it."""
        groups, start = [], 0
        for end in range(1, len(ids) + 1):
            is_whole = not self._text(ids[start:end]).endswith("\ufffd")
            if is_whole or end - start >= LONGEST_GROUP or end == len(ids):
                groups.append((start, end))
                start = end
        return groups

    def _text(self, ids: Sequence[int]) -> str:
        return self._tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)


def load(ref: str, adapter: str | None = None, device: str | None = None) -> WhisperRecognizer:
    """A local folder or a hub id (HF_HUB_OFFLINE is respected), with a PEFT adapter merged in if given.

    On a GPU in float16, otherwise in float32. Raises ModelLoadError.
    """
    folder = Path(ref)
    if folder.is_absolute() and not folder.is_dir():
        raise ModelLoadError(f"There is no model folder {ref}.")
    if folder.is_dir():
        _check_folder(folder)
    disable_progress_bar()
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    dtype = torch.float16 if device.startswith("cuda") else torch.float32
    try:
        model = WhisperForConditionalGeneration.from_pretrained(ref, dtype=torch.float32)
        processor = WhisperProcessor.from_pretrained(ref)
        if adapter is not None:
            model = _merged(model, adapter)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ModelLoadError(f"The model {ref} could not be loaded: {reason}") from error
    torch.nn.Module.to(model, device=torch.device(device), dtype=dtype)
    return WhisperRecognizer(ref, model, processor, _says_variable_window(folder, model))


def _check_folder(folder: Path) -> None:
    try:
        family = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type")
    except (OSError, ValueError) as error:
        raise ModelLoadError(f"The folder {folder} holds no readable config.json.") from error
    if family != "whisper":
        raise ModelLoadError(f"The folder {folder} holds a {family} model, neither a Whisper nor a Parakeet.")


def _says_variable_window(folder: Path, model: WhisperForConditionalGeneration) -> bool:
    """True where the model was tuned on windows of the utterance's own length and says so."""
    notes = folder / "auscult.json"
    if notes.is_file():
        return bool(json.loads(notes.read_text(encoding="utf-8")).get("variable_window", False))
    return bool(getattr(model.config, "variable_window", False))


def _merged(model: WhisperForConditionalGeneration, adapter: str) -> WhisperForConditionalGeneration:
    from peft import PeftModel  # seconds to import, and only some need it

    return PeftModel.from_pretrained(model, adapter).merge_and_unload()
