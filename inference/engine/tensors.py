"""Tensors of the Open Inference Protocol, as JSON or raw bytes, read into what the engine is asked."""

import base64
from dataclasses import replace
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from inference.engine.asks import Ask
from inference.engine.problems import AudioTooLongError, BadAudioError
from inference.engine.sound import MAX_AUDIO_S, MAX_BODY_BYTES, audio_of

MAX_ROWS = 32
FLOAT_BYTES = 4


class TensorParameters(BaseModel):
    binary_data_size: int = Field(default=0, ge=0)


class Tensor(BaseModel):
    name: str
    datatype: str
    shape: list[int]
    data: list[Any] = []
    parameters: TensorParameters = TensorParameters()


class Wanted(BaseModel):
    """The JSON part of an inference request; unknown fields are left alone."""

    id: str = ""
    inputs: list[Tensor]


def read(body: bytes, header_length: str | None, ask: Ask) -> tuple[Wanted, list[Ask]]:
    """-> the request, and `ask` for each row of its AUDIO. Raises BadAudioError or AudioTooLongError."""
    try:
        length = int(header_length) if header_length else len(body)
        wanted, raw = Wanted.model_validate_json(body[:length]), body[length:]
    except ValueError as error:
        raise BadAudioError("The body must be an inference request with a list `inputs`.") from error
    rows: list[np.ndarray] = []
    for tensor in wanted.inputs:
        size = tensor.parameters.binary_data_size
        own, raw = raw[:size], raw[size:]
        if tensor.name == "LANGUAGE":
            ask = replace(ask, language=text_of(tensor, own))
        elif tensor.name == "AUDIO":
            rows = rows_of(tensor, own)
    if not 1 <= len(rows) <= MAX_ROWS:
        raise BadAudioError(f"AUDIO must have 1 to {MAX_ROWS} rows.")
    if max(map(len, rows)) * 2 > MAX_BODY_BYTES:
        raise AudioTooLongError(f"At most {MAX_AUDIO_S} s of audio a row.")
    return wanted, [replace(ask, audio=row) for row in rows]


def text_of(tensor: Tensor, raw: bytes) -> str:
    """The first element of a BYTES tensor; as raw bytes it stands behind its length."""
    return raw[4:].decode(errors="replace") if raw else "".join(map(str, tensor.data[:1]))


def rows_of(tensor: Tensor, raw: bytes) -> list[np.ndarray]:
    try:
        if tensor.datatype == "BYTES" and not raw:
            return [audio_of(base64.b64decode(one, validate=True)) for one in tensor.data]
        if tensor.datatype != "FP32":
            raise BadAudioError("AUDIO must be FP32, or BYTES with base64 of PCM16.")
        samples = np.frombuffer(raw, "<f4") if raw else np.asarray(tensor.data, np.float32)
        rows = list(np.atleast_2d(samples.reshape(tensor.shape).astype(np.float32)))
    except BadAudioError:
        raise
    except (TypeError, ValueError) as error:
        raise BadAudioError("AUDIO is not what its shape and type say.") from error
    if not all(row.ndim == 1 and row.size and np.isfinite(row).all() for row in rows):
        raise BadAudioError("AUDIO holds no samples, or numbers that are none.")
    return rows
