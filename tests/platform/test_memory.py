"""A block of sound that was freed is the system's again, whatever was freed before it."""

import subprocess
import sys

import pytest

from base.memory import keep_memory_small

# Blocks that the system gave, not the heap: the fourth of mallinfo2's counters (malloc.h).
PROGRAM = """
import ctypes, sys
from base.memory import keep_memory_small
if sys.argv[1] == "asked":
    keep_memory_small()
libc = ctypes.CDLL(None)

class Counters(ctypes.Structure):
    _fields_ = [(f"_{n}", ctypes.c_size_t) for n in range(10)]

libc.mallinfo2.restype = Counters
bytearray(8_000_000)  # given back: glibc raises its bound by itself
before = libc.mallinfo2()._3
kept = [bytearray(1_000_000) for _ in range(10)]
print(libc.mallinfo2()._3 - before)
"""


@pytest.mark.skipif(not keep_memory_small(), reason="not glibc")
@pytest.mark.parametrize(("asked", "blocks"), [("asked", 10), ("not asked", 0)])
def test_a_large_block_is_the_systems_however_large_an_earlier_one_was(asked: str, blocks: int) -> None:
    command = [sys.executable, "-c", PROGRAM, asked]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(found.stdout) == blocks
