"""The text side of a Whisper: prompts out of options, hypotheses out of token ids. Needs only the tokenizer.

Knows nothing of sound, features or who runs the decoder.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from transformers import WhisperTokenizer

from speech.backends.decoded import Decoded, Prompt
from speech.recognizer import DecodeOptions, UnknownLanguageError
from speech.types import Token

LONGEST_GROUP = 12  # tokens that only make sense together; beyond it is noise


@dataclass(frozen=True, slots=True)
class TextConfig:
    """What of config.json and generation_config.json concerns the text."""

    end: int
    vocab_size: int
    max_positions: int
    is_multilingual: bool
    suppress: tuple[int, ...]
    suppress_at_begin: tuple[int, ...]


class WhisperText:
    def __init__(self, ref: str, tokenizer: WhisperTokenizer, config: TextConfig) -> None:
        self.ref = ref
        self.config = config
        self.tokenizer = tokenizer
        self.known: dict[str, int] = tokenizer.get_vocab()
        self._prompts: dict[str, Prompt] = {}

    def prompt(self, language: str) -> Prompt:
        """[start, language, transcribe, no timestamps]; an English-only model knows neither middle one."""
        if language not in self._prompts:
            self._prompts[language] = self._prompt(language)
        return self._prompts[language]

    def _prompt(self, language: str) -> Prompt:
        known, config = self.known, self.config
        prefix = ["<|startoftranscript|>"]
        if config.is_multilingual and "<|transcribe|>" in known:
            if f"<|{language}|>" not in known:
                raise UnknownLanguageError(f"{self.ref} has no language {language!r}")
            prefix += [f"<|{language}|>", "<|transcribe|>"]
        prefix += ["<|notimestamps|>"]
        special = {i for token, i in known.items() if token.startswith("<|") and token.endswith("|>")}
        beyond = range(len(self.tokenizer), config.vocab_size)
        no_speech = next((known[t] for t in ("<|nospeech|>", "<|nocaptions|>") if t in known), None)
        return Prompt(
            prefix=tuple(known[token] for token in prefix),
            end=config.end,
            suppress=tuple((special - {config.end}) | set(config.suppress) | set(beyond)),
            suppress_at_begin=config.suppress_at_begin,
            no_speech=no_speech,
        )

    def prompt_for(self, options: DecodeOptions) -> Prompt:
        return self.with_text_before(self.prompt(options.language), options.prompt_terms, options.prompt)

    def with_text_before(self, prompt: Prompt, terms: Sequence[str], text: str = "") -> Prompt:
        """Terms and the text before, where Whisper looks for names and spelling; at most half of its context.

        What was said last stands last and has room first, up to half of it; of the terms the last ones fit.
        A model whose vocabulary has no place for a text before is left alone.
        """
        before = self.known.get("<|startofprev|>")
        if before is None or not (terms or text.strip()):
            return prompt
        room = self.config.max_positions // 2 - 1
        said = self._encode(text)[-(room // 2 if terms else room) :]
        listed = self._encode(", ".join(terms))
        ids = [*listed[max(0, len(listed) - room + len(said)) :], *said]
        return replace(prompt, prefix=(before, *ids, *prompt.prefix), start=1 + len(ids))

    def _encode(self, text: str) -> list[int]:
        return self.tokenizer.encode(f" {text.strip()}", add_special_tokens=False) if text.strip() else []

    def language_ids(self, codes: Sequence[str]) -> dict[str, int]:
        """Those of the codes that the model knows, with their tokens."""
        return {code: self.known[f"<|{code}|>"] for code in codes if f"<|{code}|>" in self.known}

    def text(self, ids: Sequence[int]) -> str:
        return self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)

    def tokens(self, decoded: Decoded) -> tuple[tuple[Token, ...], list[tuple[int, int]]]:
        """Whole characters, and the range of ids that each was made of."""
        groups = self.whole_characters(decoded.ids)
        return tuple(self._token(decoded, start, end) for start, end in groups), groups

    def _token(self, decoded: Decoded, start: int, end: int) -> Token:
        """Ids `start` to `end`, which make whole characters together."""
        margins = [decoded.logprobs[i] - decoded.rival_logprobs[i] for i in range(start, end)]
        rivals = [self.text([rival]) for rival in decoded.rivals[start]] if end - start == 1 else []
        return Token(
            self.text(decoded.ids[start:end]),
            sum(decoded.logprobs[start:end]),
            entropy=max(decoded.entropies[start:end]),
            margin=min(margins),
            rivals=tuple(rival for rival in rivals if rival and "\ufffd" not in rival),
        )

    def whole_characters(self, ids: Sequence[int]) -> list[tuple[int, int]]:
        """Ranges of ids that decode to whole characters: a hanzi can be cut into up to three byte tokens, and
        a token can hold the end of one and the start of the next. A stray byte goes with what follows it."""
        groups, start = [], 0
        for end in range(1, len(ids) + 1):
            is_whole = not self.text(ids[start:end]).endswith("\ufffd")
            if is_whole or end - start >= LONGEST_GROUP or end == len(ids):
                groups.append((start, end))
                start = end
        return groups
