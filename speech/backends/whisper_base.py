"""What every Whisper here does alike, whoever computes it: windows, batches, languages, prompts, hypotheses.

A backend adds the arithmetic (`Acoustics`). Knows neither torch nor ctranslate2.
"""

from collections.abc import Sequence
from dataclasses import replace
from threading import Lock
from typing import Any, Protocol

import numpy as np

from speech.alignment import trimmed_to_sound
from speech.backends.decoded import Decoded, Prompt
from speech.backends.log_mel import LogMel
from speech.backends.long_utterance import cut, joined
from speech.backends.whisper_folder import Card
from speech.backends.whisper_text import WhisperText
from speech.confidence import compression_ratio, prompt_leaked, words_from_tokens
from speech.recognizer import AUTO_LANGUAGE, DEFAULT_OPTIONS, DecodeOptions, RowOptions, per_row
from speech.types import Hypothesis, Word

SAMPLES_PER_MS = 16
POSITION_SAMPLES = 320  # two mel frames: the encoder halves
MARGIN_MS = 200  # silence behind the longest utterance of a short window
SHORTEST_WINDOW_MS = 1_000
GRID_POSITIONS = 10  # 0.2 s: few shapes, so what a kernel keeps for each of them does not grow for hours
FIRST_TOKENS, TOKENS_PER_S = 16, 36  # three byte tokens per hanzi at 12 hanzi a second: nobody is faster
AUTO_LANGUAGES = ("zh", "en")  # what is spoken in these hospitals; of ninety, one is found by mistake


class Acoustics(Protocol):
    """The arithmetic of one model. `encoded` is the backend's own; rows stand in the order of the features.

    `prompts` of one call are of one length. Calls come from one thread at a time.
    """

    @property
    def rows_per_batch(self) -> int:
        """At most; fewer cost less padding."""
        ...

    @property
    def compute_type(self) -> str:
        """ "float32", "int8_float32", ..."""
        ...

    def encode(self, features: np.ndarray) -> Any:
        """Log-mel (rows, mels, frames) float32 -> the encoder's output."""
        ...

    def take(self, encoded: Any, rows: Sequence[int]) -> Any: ...

    def languages(self, encoded: Any, text: WhisperText, ids: dict[str, int]) -> list[str]:
        """The more probable of the codes in `ids` (code -> token id), for each row."""
        ...

    def search(self, encoded: Any, prompts: Sequence[Prompt], budgets: Sequence[int]) -> list[Decoded]: ...

    def starts(
        self,
        encoded: Any,
        prompts: Sequence[Prompt],
        decoded: Sequence[Decoded],
        positions: Sequence[int],
    ) -> list[np.ndarray]:
        """The encoder position at which each token begins, and that of the end of text: (tokens + 1,) each;
        `positions` tells how many of a row's hold its sound."""
        ...


class WhisperBase:
    """A Recognizer on top of Acoustics. Several threads may call `transcribe`; they take turns."""

    backend = ""

    def __init__(
        self,
        ref: str,
        text: WhisperText,
        acoustics: Acoustics,
        mels: int,
        full_positions: int,
        card: Card,
    ) -> None:
        self.ref = ref
        self.variable_window = card.variable_window
        self.takes_prompt = card.takes_prompt
        self._tuned_ms = card.longest_utterance_ms
        self.whisper_text = text
        self.lock = Lock()  # one batch at a time
        self._acoustics = acoustics
        self._log_mel = LogMel(mels)
        self._full_samples = full_positions * POSITION_SAMPLES

    def transcribe(
        self, batch: Sequence[np.ndarray], options: RowOptions = DEFAULT_OPTIONS
    ) -> list[Hypothesis]:
        """One hypothesis per utterance, in order. What is longer than the model's window is cut at quiet
        points and put together again; in short windows also what is longer than it was tuned for."""
        each = per_row(options, len(batch))
        if not self.takes_prompt:
            each = [replace(one, prompt="", prompt_terms=()) for one in each]
        cuts = [self._cut(samples, one) for samples, one in zip(batch, each, strict=True)]
        pieces = [piece for parts in cuts for _, piece in parts]
        own = [one for one, parts in zip(each, cuts, strict=True) for _ in parts]
        with self.lock:
            heard = iter(self._pieces(pieces, own))
        return [joined([(start_ms, next(heard)) for start_ms, _ in parts]) for parts in cuts]

    def _cut(self, samples: np.ndarray, options: DecodeOptions) -> list[tuple[int, np.ndarray]]:
        is_short, _ = self._kind(options)
        return cut(samples, self._full_samples // SAMPLES_PER_MS, self._tuned_ms if is_short else None)

    def _pieces(self, pieces: list[np.ndarray], options: list[DecodeOptions]) -> list[Hypothesis]:
        """Utterances of like length and the same kind of window share a batch, so that short ones do not pay
        for long ones."""
        results: dict[int, Hypothesis] = {}
        for kind in sorted({self._kind(one) for one in options}):
            own = [i for i, one in enumerate(options) if self._kind(one) == kind]
            own.sort(key=lambda i: len(pieces[i]))
            most = self._acoustics.rows_per_batch
            for first in range(0, len(own), most):
                rows = own[first : first + most]
                heard = self._decode([pieces[i] for i in rows], [options[i] for i in rows])
                results.update(zip(rows, heard, strict=True))
        return [results[i] for i in range(len(pieces))]

    @property
    def compute_type(self) -> str:
        return self._acoustics.compute_type

    def knows_language(self, code: str) -> bool:
        """Ask before a batch: an unknown language in one row stops all of it."""
        known = self.whisper_text.known
        is_asked = self.whisper_text.config.is_multilingual and "<|transcribe|>" in known
        return code == AUTO_LANGUAGE or not is_asked or f"<|{code}|>" in known

    def _kind(self, options: DecodeOptions) -> tuple[bool, bool]:
        """What must be alike within a batch: whether the window is short, whether times are wanted."""
        is_short = options.window == "speech" or (options.window == "auto" and self.variable_window)
        return is_short, options.word_times

    def _decode(self, batch: list[np.ndarray], options: list[DecodeOptions]) -> list[Hypothesis]:
        encoded = self._acoustics.encode(self._features(batch, options[0]))
        options = self._with_languages(encoded, options)
        prompts = [self.whisper_text.prompt_for(one) for one in options]
        found = self._search(encoded, batch, options, prompts)
        leaked = [
            row
            for row, (hypothesis, one) in enumerate(zip(found, options, strict=True))
            if prompt_leaked(hypothesis.text, one.prompt_terms, one.prompt)
        ]
        if leaked:  # what was told is not what was said: once more without it
            plain = [replace(options[row], prompt="", prompt_terms=()) for row in leaked]
            heard = self._search(
                self._acoustics.take(encoded, leaked),
                [batch[row] for row in leaked],
                plain,
                [self.whisper_text.prompt_for(one) for one in plain],
            )
            for row, hypothesis in zip(leaked, heard, strict=True):
                found[row] = hypothesis
        return found

    def _with_languages(self, encoded: Any, options: list[DecodeOptions]) -> list[DecodeOptions]:
        """The same with each "auto" replaced by what the row is heard to be in."""
        rows = [row for row, one in enumerate(options) if one.language == AUTO_LANGUAGE]
        if not rows:
            return options
        ids = self.whisper_text.language_ids(AUTO_LANGUAGES)
        if not ids:  # an English-only model
            codes = ["en"] * len(rows)
        else:
            mine = encoded if len(rows) == len(options) else self._acoustics.take(encoded, rows)
            codes = self._acoustics.languages(mine, self.whisper_text, ids)
        own = dict(zip(rows, codes, strict=True))
        return [replace(one, language=own.get(row, one.language)) for row, one in enumerate(options)]

    def _search(
        self,
        encoded: Any,
        batch: list[np.ndarray],
        options: list[DecodeOptions],
        prompts: list[Prompt],
    ) -> list[Hypothesis]:
        """Rows whose prompts are of one length are decoded together."""
        found: dict[int, Hypothesis] = {}
        for length in sorted({len(prompt.prefix) for prompt in prompts}):
            rows = [row for row, prompt in enumerate(prompts) if len(prompt.prefix) == length]
            mine = encoded if len(rows) == len(batch) else self._acoustics.take(encoded, rows)
            heard = self._search_alike(
                mine,
                [batch[row] for row in rows],
                [options[row] for row in rows],
                [prompts[row] for row in rows],
            )
            found.update(zip(rows, heard, strict=True))
        return [found[row] for row in range(len(batch))]

    def _search_alike(
        self,
        encoded: Any,
        batch: list[np.ndarray],
        options: list[DecodeOptions],
        prompts: list[Prompt],
    ) -> list[Hypothesis]:
        budgets = [
            self._budget(len(samples), len(prompt.prefix), one)
            for samples, prompt, one in zip(batch, prompts, options, strict=True)
        ]
        decoded = self._acoustics.search(encoded, prompts, budgets)
        starts: list[np.ndarray] | None = None
        if options[0].word_times and any(one.ids for one in decoded):
            positions = [max(1, -(-len(samples) // POSITION_SAMPLES)) for samples in batch]
            starts = self._acoustics.starts(encoded, prompts, decoded, positions)
        return [
            self._hypothesis(one, samples, starts[row] if starts else None, options[row].language)
            for row, (one, samples) in enumerate(zip(decoded, batch, strict=True))
        ]

    def _features(self, batch: list[np.ndarray], options: DecodeOptions) -> np.ndarray:
        """Log-mel (rows, mels, frames): the full window or one of the longest row."""
        window = self._full_samples
        if self._kind(options)[0]:
            longest = max(len(samples) for samples in batch) + MARGIN_MS * SAMPLES_PER_MS
            longest = max(longest, SHORTEST_WINDOW_MS * SAMPLES_PER_MS)
            window = min(window, self._positions(longest) * POSITION_SAMPLES)
        return self._log_mel(batch, window)

    def _positions(self, samples: int) -> int:
        """Never as many as there are mels: CTranslate2 would take the encoder's output of (rows, mels, width)
        for features, and encode it once more (src/layers/whisper.cc, is_encoded)."""
        grid = GRID_POSITIONS * POSITION_SAMPLES
        positions = -(-samples // grid) * GRID_POSITIONS
        return positions + GRID_POSITIONS * (positions == self._log_mel.mels)

    def _budget(self, sample_count: int, prefix_length: int, options: DecodeOptions) -> int:
        """Tokens that this much sound can hold, so that a loop ends soon."""
        by_time = FIRST_TOKENS + TOKENS_PER_S * sample_count // (1000 * SAMPLES_PER_MS)
        room = self.whisper_text.config.max_positions - prefix_length - 1
        return max(1, min(by_time, options.max_new_tokens, room))

    def _hypothesis(
        self, decoded: Decoded, samples: np.ndarray, starts: np.ndarray | None, language: str
    ) -> Hypothesis:
        parts, groups = self.whisper_text.tokens(decoded)
        words: tuple[Word, ...] = ()
        if starts is not None and groups:
            duration_ms = len(samples) // SAMPLES_PER_MS
            position_ms = POSITION_SAMPLES // SAMPLES_PER_MS
            starts_ms = [min(duration_ms, int(at) * position_ms) for at in starts]
            times_ms = [(starts_ms[start], starts_ms[end]) for start, end in groups]
            words = words_from_tokens(parts, trimmed_to_sound(times_ms, samples))
        text = self.whisper_text.text(decoded.ids).strip()
        return Hypothesis(
            text=text,
            tokens=parts,
            words=words,
            avg_logprob=decoded.avg_logprob,
            no_speech_prob=decoded.no_speech_prob,
            compression_ratio=compression_ratio(text),
            language=language,
        )
