"""What the codec of a telephone line does to speech: G.711 in numpy, AMR as mobile networks have it by PyAV.

Takes and returns float32 mono 16 kHz samples; a line works at 8 kHz, so nothing is left above 4 kHz.
"""

import io
from typing import Literal, cast

import av
import numpy as np
import soxr

SAMPLE_RATE_HZ = 16_000
LINE_RATE_HZ = 8_000
LineCodec = Literal["mu-law", "a-law", "amr"]
LINE_CODECS: tuple[LineCodec, ...] = ("mu-law", "a-law", "amr")
_AMR_BIT_RATE, _AMR_LOOKAHEAD_SAMPLES = 12_200, 40
_MU, _A = 255.0, 87.6


def through_line(samples: np.ndarray, codec: LineCodec) -> np.ndarray:
    """(n,) -> (n,) float32: down to 8 kHz, coded and decoded, back to 16 kHz."""
    narrow = soxr.resample(samples.astype(np.float32), SAMPLE_RATE_HZ, LINE_RATE_HZ)
    code = {"mu-law": mu_law, "a-law": a_law, "amr": amr}[codec]
    wide = soxr.resample(code(narrow), LINE_RATE_HZ, SAMPLE_RATE_HZ)
    return np.pad(wide[: len(samples)], (0, max(0, len(samples) - len(wide)))).astype(np.float32)


def mu_law(samples: np.ndarray) -> np.ndarray:
    """G.711 of North America and Japan: 8 bits on a logarithmic scale, there and back."""
    level = np.log1p(_MU * np.abs(samples)) / np.log1p(_MU)
    return (np.sign(samples) * np.expm1(_in_seven_bits(level) * np.log1p(_MU)) / _MU).astype(np.float32)


def a_law(samples: np.ndarray) -> np.ndarray:
    """G.711 of Europe and most others: linear near silence, logarithmic above."""
    magnitude, whole = np.abs(samples), 1 + np.log(_A)
    loud = magnitude >= 1 / _A
    level = np.where(loud, 1 + np.log(np.maximum(_A * magnitude, 1.0)), _A * magnitude) / whole
    kept = _in_seven_bits(level) * whole
    return (np.sign(samples) * np.where(kept >= 1, np.exp(kept - 1), kept) / _A).astype(np.float32)


def amr(samples: np.ndarray) -> np.ndarray:
    """AMR narrowband at 12.2 kbit/s and back: (n,) at 8 kHz -> (n,), without the coder's delay."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="amr") as coded:
        stream = cast(av.AudioStream, coded.add_stream("libopencore_amrnb", rate=LINE_RATE_HZ))
        stream.layout, stream.bit_rate = "mono", _AMR_BIT_RATE
        words = np.round(np.clip(samples, -1.0, 1.0) * 32767.0).astype(np.int16)
        words = np.pad(words, (0, _AMR_LOOKAHEAD_SAMPLES))
        frame = av.AudioFrame.from_ndarray(words[None], format="s16", layout="mono")
        frame.sample_rate = LINE_RATE_HZ
        coded.mux(stream.encode(frame))
        coded.mux(stream.encode(None))
    buffer.seek(0)
    with av.open(buffer, "r", format="amr") as file:
        heard = np.concatenate([frame.to_ndarray().reshape(-1) for frame in file.decode(audio=0)])
    return heard[_AMR_LOOKAHEAD_SAMPLES:][: len(samples)].astype(np.float32)


def _in_seven_bits(level: np.ndarray) -> np.ndarray:
    """0..1 on 128 steps: the eighth bit is the sign."""
    return np.round(level * 127.0) / 127.0
