"""Lots that depend on nothing but a key: the same in every process and after every reload. PURE."""

import hashlib


def lot(key: str) -> float:
    """A number in [0, 1)."""
    return int.from_bytes(hashlib.sha256(f"reading {key}".encode()).digest()[:8]) / 2**64
