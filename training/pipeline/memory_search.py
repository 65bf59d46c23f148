"""How much speech fits into one forward pass: found by trying, before the first step.

On an accelerator by real passes until one does not fit. A CPU has no such edge: there the memory that a
pass takes is measured once, and as much is taken as half of what is free allows.
"""

import os
from collections.abc import Callable

import torch

from training.pipeline.meter import peak_memory_mb

LEAST_S = 4.0
HALVINGS = 3
KEPT = 0.9  # of what fitted: lengths of labels differ
FREE_SHARE = 0.5  # of a CPU's memory


class DoesNotFitError(Exception):
    """Not even the smallest pass fits; the message says what to do."""


def largest_that_fits(fits: Callable[[float], bool], most_s: float, least_s: float = LEAST_S) -> float:
    """Seconds of padded speech: doubled while they fit, then halved towards the edge."""
    least_s = min(least_s, most_s)
    if not fits(least_s):
        raise DoesNotFitError(
            f"Not even {least_s:g} s of speech fit into the memory of the device. Choose load_in_8bit, "
            "activation_checkpointing, fewer target_modules or a smaller base."
        )
    good = least_s
    while 2 * good <= most_s and fits(2 * good):
        good *= 2
    bad = min(2 * good, most_s)
    if bad == most_s and good < most_s and fits(most_s):
        return most_s
    for _ in range(HALVINGS if bad > good else 0):
        middle = (good + bad) / 2
        if fits(middle):
            good = middle
        else:
            bad = middle
    return good if good >= most_s else max(least_s, KEPT * good)


def fits_on(device: torch.device, one_pass: Callable[[float], None]) -> Callable[[float], bool]:
    """`one_pass` runs forward and backward over so many seconds."""
    return _fits_on_accelerator(one_pass) if device.type == "cuda" else _fits_on_cpu(device, one_pass)


def _fits_on_accelerator(one_pass: Callable[[float], None]) -> Callable[[float], bool]:
    def fits(seconds: float) -> bool:
        try:
            one_pass(seconds)
        except torch.cuda.OutOfMemoryError:
            return False
        finally:
            torch.cuda.empty_cache()
        return True

    return fits


def _fits_on_cpu(device: torch.device, one_pass: Callable[[float], None]) -> Callable[[float], bool]:
    free_mb = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**20
    before = peak_memory_mb(device)
    one_pass(LEAST_S)
    per_s = max(1.0, peak_memory_mb(device) - before) / LEAST_S
    return lambda seconds: per_s * seconds <= FREE_SHARE * free_mb
