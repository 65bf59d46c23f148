"""How fast a run is, and what it costs: measured where it runs, logged with it.

Model-FLOP utilisation: floating-point operations of the model itself (counted once, on the first step)
against what the device can do: its data sheet, or for a CPU a measured matrix product.
"""

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from training.pipeline.features import FRAMES_PER_S

# Dense bf16, FLOP/s, of the makers' data sheets.
_PEAKS = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "L40S": 362e12, "L4": 121e12, "A10": 125e12}
# The counter takes this operation apart, and the parts round otherwise: the step that is counted would differ
# in its last bits from the same step in a run that was not resumed there.
_KEPT_WHOLE = {torch.ops.aten.silu_backward.default: lambda *shapes, **options: 0}
_PRODUCT = 1024  # side of the matrices that a CPU is measured with


@dataclass(slots=True)
class Meter:
    """One process's account. Frames are 10 ms of speech."""

    device: torch.device
    speech_frames: int = 0
    padded_frames: int = 0
    data_s: float = 0.0
    flops_per_frame: float = 0.0
    _peak: float = field(default=0.0)

    @contextmanager
    def data(self) -> Iterator[None]:
        """Time in which the device waits for the next batch."""
        started = time.perf_counter()
        yield
        self.data_s += time.perf_counter() - started

    @contextmanager
    def flops(self, frames: int) -> Iterator[None]:
        """Counts what is computed for so many padded frames."""
        with FlopCounterMode(display=False, custom_mapping=_KEPT_WHOLE) as counter:
            yield
        self.flops_per_frame = counter.get_total_flops() / max(1, frames)

    def add(self, speech_frames: int, padded_frames: int) -> None:
        self.speech_frames += speech_frames
        self.padded_frames += padded_frames

    def report(self, seconds: float, processes: int) -> dict[str, float]:
        """Of a run of so many seconds on so many devices."""
        seconds = max(seconds, 1e-9)
        achieved = self.flops_per_frame * self.padded_frames / seconds
        return {
            "audio_hours_per_device_hour": round(self.speech_frames / FRAMES_PER_S / seconds / processes, 2),
            "padding_ratio": round(1 - self.speech_frames / max(1, self.padded_frames), 4),
            "data_wait_share": round(self.data_s / seconds, 4),
            "model_flop_utilisation": round(achieved / processes / peak_flops(self.device), 4),
            "peak_memory_mb": peak_memory_mb(self.device),
        }


def peak_memory_mb(device: torch.device) -> float:
    """Of the accelerator; on a CPU of the whole process."""
    if device.type == "cuda":
        return round(torch.cuda.max_memory_allocated(device) / 2**20, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def peak_flops(device: torch.device) -> float:
    """FLOP/s that the device can do at most."""
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
        return next((value for key, value in _PEAKS.items() if key in name), 100e12)
    one, other = torch.randn(_PRODUCT, _PRODUCT), torch.randn(_PRODUCT, _PRODUCT)
    best = min(_timed(one, other) for _ in range(4))
    return 2 * _PRODUCT**3 / best


def _timed(one: torch.Tensor, other: torch.Tensor) -> float:
    started = time.perf_counter()
    torch.mm(one, other)
    return time.perf_counter() - started


def memory_of(trained: int, every: int) -> dict[str, Any]:
    """What AdamW keeps for the trained parameters (gradient and two moments, fp32), beside training all."""
    bytes_each = 12
    return {
        "parameters": every,
        "optimizer_memory_mb": round(trained * bytes_each / 2**20, 1),
        "optimizer_memory_of_full_mb": round(every * bytes_each / 2**20, 1),
    }
