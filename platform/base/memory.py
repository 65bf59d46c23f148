"""What a process that lives for weeks asks of the C library's allocator."""

import ctypes

LARGE_BYTES = 65_536  # a second of sound has 32,000 to 64,000
ARENAS = 2
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # malloc.h


def keep_memory_small() -> bool:
    """From now on a freed block of LARGE_BYTES or more goes back to the system at once, and threads share
    ARENAS heaps.

    glibc begins with the former, but raises its bound to the largest block that was ever freed; seconds of
    sound then lie among small objects that stay, and the holes they leave are never filled quite. And it
    gives each thread a heap of its own, with holes of its own. Returns False where the C library knows
    neither: nothing is changed there.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)) and bool(mallopt(_M_ARENA_MAX, ARENAS))
