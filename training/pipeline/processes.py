"""Ranks, devices and signals: what the training loop needs to know of the machine it runs on."""

import ctypes
import gc
import os
import signal
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from types import FrameType
from typing import NoReturn

import torch
import torch.distributed as distributed

EXIT_STOPPED = 75  # asked to stop; a checkpoint was written (EX_TEMPFAIL: try again)
_PR_SET_PDEATHSIG = 1
LONG = timedelta(hours=12)  # other processes wait while the first one prepares


class Stopped(Exception):
    """SIGTERM or Ctrl-C came; everything that was worth keeping is on disk."""


@dataclass(frozen=True, slots=True)
class World:
    rank: int = 0
    size: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def wait_for_all(self) -> None:
        if self.size > 1:
            distributed.barrier()


def join_world() -> World:
    """Reads what torchrun set. gloo carries CPU tensors and barriers, nccl the gradients of GPUs."""
    rank, size = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    device = torch.device("cpu")
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(device)
    if size > 1:
        distributed.init_process_group(backend_of(device.type), timeout=LONG)
    return World(rank, size, device)


def group_of_one(device: torch.device) -> None:
    """For what speaks through a group even where nobody else is."""
    distributed.init_process_group(
        backend_of(device.type), store=distributed.HashStore(), rank=0, world_size=1
    )


def backend_of(device_type: str) -> str:
    return "cpu:gloo,cuda:nccl" if device_type == "cuda" else "gloo"


def leave_world(world: World) -> None:
    if distributed.is_initialized():
        gc.collect()  # a DDP model in a cycle must not outlive the group that it speaks through
        distributed.destroy_process_group()


def end_process(code: int) -> NoReturn:
    """Without the interpreter's shutdown: gloo's threads abort it now and then, when all work is done."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def uses_bf16(world: World, precision: str) -> bool:
    return precision == "bf16" or (precision == "auto" and world.device.type == "cuda")


def autocast(world: World, precision: str) -> AbstractContextManager[object]:
    if uses_bf16(world, precision):
        return torch.autocast(world.device.type, torch.bfloat16)
    return nullcontext()


class StopFlag:
    """Set by SIGTERM or SIGINT. `raises` while a stage has nothing to save: it simply ends there."""

    def __init__(self) -> None:
        self.is_set = False
        self.raises = True

    def install(self) -> None:
        signal.signal(signal.SIGTERM, self._receive)
        signal.signal(signal.SIGINT, self._receive)
        if sys.platform == "linux":
            # If torchrun is killed, nobody would stop its children.
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.is_set = True
        if self.raises:
            raise Stopped
