"""An uploaded file as utterances to be heard: decoded, brought to one level, cut where nobody speaks.

Two files at a time are decoded, for a long one fills hundreds of megabytes. They have threads of their own:
waiting in those that all share, they would keep live sound from the disk.
"""

import asyncio
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO

import numpy as np
from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile

from inference.api.problems import BadRequest, TooLarge
from speech.audio import AudioDecodeError, decode, float_to_pcm16, normalise_loudness
from speech.segment import utterances
from speech.types import Span
from speech.vad import DEFAULT_OPTIONS, VadOptions, speech_spans

BYTES_PER_MS = 32
_decoding = ThreadPoolExecutor(2, thread_name_prefix="file")


@dataclass(frozen=True, slots=True)
class Sound:
    """PCM16 16 kHz mono, and where to cut it. `speech` are the stretches with a voice."""

    pcm: bytes
    utterances: tuple[Span, ...]
    speech: tuple[Span, ...]

    @property
    def duration_ms(self) -> int:
        return len(self.pcm) // BYTES_PER_MS

    def cut(self, span: Span) -> bytes:
        return self.pcm[span.start_ms * BYTES_PER_MS : span.end_ms * BYTES_PER_MS]

    def speech_ms(self, span: Span) -> int:
        return sum(
            max(0, min(voice.end_ms, span.end_ms) - max(voice.start_ms, span.start_ms))
            for voice in self.speech
        )


async def sound_of(file: UploadedFile | BinaryIO, vad: VadOptions = DEFAULT_OPTIONS) -> Sound:
    """`file`: of a form, or the body itself. Raises BadRequest or TooLarge, with a sentence."""
    return await asyncio.get_running_loop().run_in_executor(_decoding, _sound_of, file, vad)


def _sound_of(file: UploadedFile | BinaryIO, vad: VadOptions) -> Sound:
    with _on_disk(file) as path:
        if path.stat().st_size > settings.AUSCULT_MAX_UPLOAD_MB * 1024 * 1024:
            raise too_large()
        try:
            samples, _info = decode(path, max_duration_s=settings.AUSCULT_API_MAX_S)
        except AudioDecodeError as error:
            kind = TooLarge if error.code == "too_long" else BadRequest
            raise kind(f"audio_{error.code}", str(error), param="file") from error
        return _cut(normalise_loudness(samples)[0], vad)


def refuse_larger(declared_bytes: str | None) -> None:
    """By what the request's header says, before anything is parsed. Raises TooLarge."""
    if int(declared_bytes or 0) > (settings.AUSCULT_MAX_UPLOAD_MB + 1) * 1024 * 1024:
        raise too_large()


def too_large() -> TooLarge:
    limit = f"A file may have at most {settings.AUSCULT_MAX_UPLOAD_MB} MB."
    return TooLarge("file_too_large", limit, param="file")


def _cut(samples: np.ndarray, vad: VadOptions) -> Sound:
    speech = speech_spans(samples, vad)
    return Sound(float_to_pcm16(samples), tuple(utterances(samples, speech)), tuple(speech))


@contextmanager
def _on_disk(file: UploadedFile | BinaryIO) -> Iterator[Path]:
    """Small files come in memory; the decoder wants a path."""
    if isinstance(file, TemporaryUploadedFile):
        yield Path(file.temporary_file_path())
        return
    with NamedTemporaryFile(prefix="auscult-", suffix=".audio") as copy:
        shutil.copyfileobj(file, copy)
        copy.flush()
        yield Path(copy.name)
