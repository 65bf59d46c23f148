"""What a process that lives for weeks asks of the C library's allocator."""

import ctypes

LARGE_BYTES = 65_536  # a second of sound has 32,000 to 64,000
_M_MMAP_THRESHOLD = -3  # malloc.h


def return_large_blocks() -> bool:
    """From now on a freed block of LARGE_BYTES or more goes back to the system at once.

    glibc begins like that, but raises its bound to the largest block that was ever freed; seconds of sound
    then lie among small objects that stay, and the holes they leave are never filled quite. Returns False
    where the C library knows no such bound: nothing is changed there.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES) == 1
