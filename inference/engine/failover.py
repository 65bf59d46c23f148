"""The accelerator may be lost; the work goes on without it until it is back. Pure: times go in.

What counts as lost: the errors of CUDA as torch and CTranslate2 word them, and memory that is too small even
for one utterance (a training run on the same device may have taken it).
"""

from dataclasses import dataclass

FIRST_RETRY_S = 60.0
LONGEST_RETRY_S = 900.0
_LOST = ("cuda error", "cuda failed", "cuda driver", "cublas", "cudnn", "device-side assert", "no cuda gpus")
_LOST_TYPES = {"AcceleratorError", "CudaError"}


def is_out_of_memory(error: BaseException) -> bool:
    return type(error).__name__ == "OutOfMemoryError" or "out of memory" in str(error).lower()


def is_device_lost(error: BaseException) -> bool:
    said = str(error).lower()
    return type(error).__name__ in _LOST_TYPES or any(part in said for part in _LOST)


@dataclass(slots=True)
class Failover:
    """`is_lost` while models are loaded on the CPU in place of the accelerator."""

    is_lost: bool = False
    _retry_s: float = FIRST_RETRY_S
    _retry_at_s: float = 0.0

    def lost(self, now_s: float) -> None:
        self.is_lost = True
        self._retry_at_s = now_s + self._retry_s

    def is_due(self, now_s: float) -> bool:
        """Is it time to see whether the accelerator answers again?"""
        return self.is_lost and now_s >= self._retry_at_s

    def still_lost(self, now_s: float) -> None:
        self._retry_s = min(LONGEST_RETRY_S, 2 * self._retry_s)
        self.lost(now_s)

    def regained(self) -> None:
        self.is_lost, self._retry_s = False, FIRST_RETRY_S
