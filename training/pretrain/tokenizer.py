"""Byte-level BPE for Traditional Chinese and English with Whisper's special and timestamp tokens.

Every hanzi of the grammar is one token, English is cut into short pieces (so that a drug name never
seen can be spelled), anything else falls back to bytes: nothing is unwritable.
"""

import json
import re
from collections.abc import Iterable

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import WhisperTokenizer
from transformers.models.whisper.tokenization_whisper import LANGUAGES

END = "<|endoftext|>"
START = "<|startoftranscript|>"
LANGUAGE_TOKENS = [f"<|{code}|>" for code in LANGUAGES]
TASK_TOKENS = ["<|translate|>", "<|transcribe|>"]
OTHER_TOKENS = ["<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"]
TIMESTAMP_TOKENS = [f"<|{index * 0.02:.2f}|>" for index in range(1501)]
# Whisper's order; the timestamps must be the last and follow <|notimestamps|>.
SPECIAL_TOKENS = [END, START, *LANGUAGE_TOKENS, *TASK_TOKENS, *OTHER_TOKENS]

_HANZI = re.compile(r"[一-鿿㐀-䶿]")
_LATIN = re.compile(r" ?[A-Za-z']+")


def train_tokenizer(sentences: Iterable[str], latin_merges: int = 420) -> WhisperTokenizer:
    """Learn the vocabulary from sentences; language zh, task transcribe, no timestamps as the prefix."""
    hanzi: dict[str, None] = {}
    latin: list[str] = []
    for sentence in sentences:
        hanzi.update(dict.fromkeys(_HANZI.findall(sentence)))
        latin.extend(_LATIN.findall(sentence))
    vocabulary, merges = _latin_pieces(latin, latin_merges)
    # Merges of the bytes of one hanzi can never cross into the next: a hanzi starts with a lead byte.
    for character in sorted(hanzi):
        first, second, third = _as_byte_characters(character)
        for left, right in ((first, second), (first + second, third)):
            if left + right not in vocabulary:
                vocabulary[left + right] = len(vocabulary)
                merges.append((left, right))
    tokenizer = WhisperTokenizer(
        vocab=vocabulary, merges=merges, unk_token=END, bos_token=END, eos_token=END, pad_token=END
    )
    tokenizer.add_tokens(
        [AddedToken(token, special=True, normalized=False) for token in SPECIAL_TOKENS],
        special_tokens=True,
    )
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in TIMESTAMP_TOKENS])
    tokenizer.set_prefix_tokens(language="zh", task="transcribe", predict_timestamps=False)
    return tokenizer


def _latin_pieces(words: list[str], merges: int) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Byte alphabet and learned English pieces."""
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    learner.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    learner.train_from_iterator(
        words,
        trainers.BpeTrainer(
            vocab_size=len(alphabet) + merges,
            initial_alphabet=sorted(alphabet),
            special_tokens=[],
            show_progress=False,
        ),
    )
    model = json.loads(learner.to_str())["model"]
    return dict(model["vocab"]), [(left, right) for left, right in model["merges"]]


def _as_byte_characters(character: str) -> tuple[str, str, str]:
    """A hanzi as the three printable characters that stand for its UTF-8 bytes."""
    ((pieces, _),) = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str(
        character
    )
    return pieces[0], pieces[1], pieces[2]


def token_id(tokenizer: WhisperTokenizer, token: str) -> int:
    """The id of one special token."""
    found = tokenizer.convert_tokens_to_ids(token)
    assert isinstance(found, int)
    return found


class PieceEncoder:
    """One word -> ids of its pieces, Latin words with BPE dropout: names never seen need the small pieces."""

    def __init__(self, tokenizer: WhisperTokenizer, dropout: float = 0.0) -> None:
        self._exact = tokenizer.backend_tokenizer
        self._loose = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
        self._loose.model.dropout = dropout or None

    def encode(self, word: str) -> list[int]:
        """A hanzi or a Latin word, with the space in front of it if it has one -> ids."""
        engine = self._loose if word.isascii() else self._exact
        return list(engine.encode(word, add_special_tokens=False).ids)
