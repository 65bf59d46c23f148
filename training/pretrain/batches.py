"""From a sentence to what the model is trained on: speech, log-mel, piece labels, frame labels."""

import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import soxr
import torch
from transformers import WhisperFeatureExtractor, WhisperTokenizer

from speech.acoustics import Channel, NoiseKind, apply, make_noise
from speech.backends.espeak import SAMPLE_RATE_HZ, EspeakSynthesizer
from speech.types import Word
from speech.voices import PRETRAIN_VARIANTS, draw_voice
from training.pretrain.channels import draw_channel
from training.pretrain.tokenizer import END, START, PieceEncoder, token_id

FRAME_SAMPLES = 320  # one encoder frame: 20 ms
FULL_WINDOW_SAMPLES = 30 * SAMPLE_RATE_HZ
IGNORED = -100
PLAIN_PIECES = (256, 3000)  # beyond the single bytes, before the special tokens
PREFIX = 4  # start, language, task, no timestamps
PHONEME_CLASSES = 512


@dataclass(slots=True)
class Utterance:
    """Samples (n,), piece ids, and (ids, start_ms, end_ms) of every word and phoneme for frame labels."""

    samples: np.ndarray
    ids: list[int] = field(default_factory=list)
    timed: list[tuple[list[int], int, int]] = field(default_factory=list)
    phonemes: list[tuple[list[int], int, int]] = field(default_factory=list)
    english: bool = False


@dataclass(slots=True)
class Batch:
    """Features (rows, 80, 2T), decoder inputs and labels (rows, tokens), frame labels (rows, T) twice.

    `spans` (rows, tokens, 2): first and last + 1 frame of each label; (0, 0) where it has no time.
    """

    features: torch.Tensor
    inputs: torch.Tensor
    labels: torch.Tensor
    frames: torch.Tensor
    phonemes: torch.Tensor
    spans: torch.Tensor
    rows: int


class BatchMaker:
    """Makes utterances and collates them; holds the engine, the tokenizer and the feature extractor."""

    def __init__(self, tokenizer: WhisperTokenizer, piece_dropout: float = 0.0) -> None:
        self._espeak = EspeakSynthesizer(repeatable=False)
        self._pieces = PieceEncoder(tokenizer, piece_dropout)
        self._features = WhisperFeatureExtractor()
        names = (START, "<|zh|>", "<|en|>", "<|transcribe|>", "<|notimestamps|>", "<|nospeech|>", END)
        self.start, self.zh, self.en, self.transcribe, self.untimed, self.nospeech, self.end = (
            token_id(tokenizer, name) for name in names
        )

    def utterance(self, rng: random.Random, text: str, channel: Channel | None = None) -> Utterance:
        """Speak the text with a pretraining voice through a channel (drawn unless given)."""
        voice = draw_voice(rng, PRETRAIN_VARIANTS, (130, 230), (25, 75))
        speech, phonemes = self._espeak.synthesize_with_phonemes(text, voice)
        samples, words = speech.samples, speech.words
        if rng.random() < 0.2:
            # Resampling moves the formants too: speakers between and beyond the engine's voices.
            factor = rng.uniform(0.88, 1.14)
            samples = soxr.resample(samples, SAMPLE_RATE_HZ, SAMPLE_RATE_HZ * factor, quality="LQ")
            words, phonemes = _stretch(words, factor), _stretch(phonemes, factor)
        # Mostly close-cut: silence teaches little and costs as much.
        slack = SAMPLE_RATE_HZ * (4 if rng.random() < 0.15 else 1) // 10
        lead, tail = rng.randint(0, slack), rng.randint(0, slack)
        samples = np.pad(samples, (lead, tail))
        noise = np.random.default_rng(rng.randrange(1 << 32))
        samples = apply(samples, channel or draw_channel(rng), noise)
        lead_ms = lead * 1000 // SAMPLE_RATE_HZ
        timed = [
            (ids, word.start_ms + lead_ms, word.end_ms + lead_ms)
            for ids, word in zip(self._word_ids(text, words), words, strict=True)
        ]
        sounds = [([_phoneme_class(p.text)], p.start_ms + lead_ms, p.end_ms + lead_ms) for p in phonemes]
        return Utterance(samples, [i for ids, _, _ in timed for i in ids], timed, sounds, text.isascii())

    def silence(self, rng: random.Random) -> Utterance:
        """Nothing or noise alone, with an empty transcript."""
        count = rng.randint(SAMPLE_RATE_HZ // 2, 5 * SAMPLE_RATE_HZ)
        if rng.random() < 0.2:
            return Utterance(np.zeros(count, np.float32))
        kinds: tuple[NoiseKind, ...] = ("white", "pink", "brown", "hum", "babble")
        level = 10.0 ** (rng.uniform(-65.0, -22.0) / 20.0)
        noise = make_noise(rng.choice(kinds), count, np.random.default_rng(rng.randrange(1 << 32)))
        return Utterance((noise * level).astype(np.float32))

    def _word_ids(self, text: str, words: tuple[Word, ...]) -> Iterator[list[int]]:
        """Piece ids of each word as they stand in the whole text, spaces included."""
        position = 0
        for word in words:
            begin = text.index(word.text, position)
            spaced = begin > 0 and text[begin - 1] == " "
            yield self._pieces.encode(f" {word.text}" if spaced else word.text)
            position = begin + len(word.text)

    def batch(self, rows: list[Utterance], window_samples: int, rng: random.Random | None) -> Batch:
        """Collate; rows are padded with silence to the longest or the window. `rng` masks and mistakes."""
        longest = max(window_samples, *(len(one.samples) for one in rows))
        longest += -longest % FRAME_SAMPLES
        features = self.log_mel([one.samples for one in rows], longest)
        if rng is not None:
            _mask(features, rng)
        frames = torch.full((len(rows), longest // FRAME_SAMPLES), self.end)
        phonemes = torch.zeros_like(frames)
        width = 4 + max(len(one.ids) for one in rows)
        inputs = torch.full((len(rows), width), self.end)
        labels = torch.full((len(rows), width), IGNORED)
        spans = torch.zeros((len(rows), width, 2), dtype=torch.long)
        for row, one in enumerate(rows):
            english = one.english and (rng is None or rng.random() < 0.5)
            tokens = [
                self.start, self.en if english else self.zh, self.transcribe, self.untimed, *one.ids, self.end
            ]  # fmt: skip
            inputs[row, : len(tokens) - 1] = torch.tensor(tokens[:-1])
            labels[row, : len(tokens) - 1] = torch.tensor(tokens[1:])
            if rng is not None:
                self._mistake(inputs[row, PREFIX : len(tokens) - 1], one.ids, rng)
            if not one.ids:
                # Whisper's no-speech probability is read where the language is predicted.
                labels[row, 0] = self.nospeech
            _write_frame_labels(frames[row], one.timed)
            _write_frame_labels(phonemes[row], one.phonemes)
            _write_spans(spans[row], one.timed, frames.shape[1])
        return Batch(features, inputs, labels, frames, phonemes, spans, len(rows))

    def _mistake(self, read: torch.Tensor, ids: list[int], rng: random.Random, share: float = 0.08) -> None:
        """Some of the pieces read become others, in place: a mistake must not lead away from the speech."""
        for place in range(len(read)):
            if rng.random() < share:
                read[place] = rng.randrange(256, self.end) if rng.random() < 0.7 else rng.choice(ids)

    def log_mel(self, waveforms: list[np.ndarray], samples: int) -> torch.Tensor:
        """Waveforms padded to `samples` -> (rows, 80, samples / 160), by Whisper's own extractor."""
        return self._features(
            waveforms,
            sampling_rate=SAMPLE_RATE_HZ,
            padding="max_length",
            max_length=samples,
            truncation=True,
            return_tensors="pt",
        ).input_features


def _stretch(words: tuple[Word, ...], factor: float) -> tuple[Word, ...]:
    """The times when played `factor` times slower."""
    return tuple(Word(w.text, round(w.start_ms * factor), round(w.end_ms * factor)) for w in words)


def _phoneme_class(name: str) -> int:
    """0 for silence; the names (about 120) are hashed, which spares a table and rarely confuses two."""
    return 0 if name.startswith("_") else 1 + zlib.crc32(name.encode()) % (PHONEME_CLASSES - 1)


def _write_frame_labels(frames: torch.Tensor, timed: list[tuple[list[int], int, int]]) -> None:
    """Fill (T,) in place: the pieces of a word share its frames evenly; elsewhere it stays silence."""
    for ids, start_ms, end_ms in timed:
        first, last = start_ms // 20, min(max(end_ms // 20, start_ms // 20 + 1), len(frames))
        count = last - first
        for frame in range(first, last):
            frames[frame] = ids[(frame - first) * len(ids) // count]


def _write_spans(spans: torch.Tensor, timed: list[tuple[list[int], int, int]], frames: int) -> None:
    """Fill (tokens, 2) in place: the pieces of a word share its time, with a frame of tolerance."""
    place = PREFIX - 1  # the first label that stands for sound
    for ids, start_ms, end_ms in timed:
        share_ms = (end_ms - start_ms) / len(ids)
        for index in range(len(ids)):
            first = int((start_ms + index * share_ms) // 20) - 1
            last = int((start_ms + (index + 1) * share_ms) // 20) + 2
            spans[place, 0], spans[place, 1] = max(0, first), min(frames, last)
            place += 1


def _mask(features: torch.Tensor, rng: random.Random) -> None:
    """SpecAugment, mild: one frequency band and one short stretch of time of some rows set to the floor."""
    for row in features:
        if rng.random() < 0.2:
            width, low = rng.randint(1, 10), rng.randint(0, 69)
            row[low : low + width] = row.min()
        if rng.random() < 0.15:
            width, start = rng.randint(1, 10), rng.randrange(max(1, row.shape[1] - 10))
            row[:, start : start + width] = row.min()
