"""The rooms, lines and noises of pretraining: wide, so that a hospital's own is somewhere inside.

Silence without any noise looks unlike all that a microphone gives: a third at most may have it.
"""

import random

from speech.acoustics import TELEPHONE_BAND_HZ, Channel, NoiseKind, Room

_NOISES: tuple[NoiseKind, ...] = ("white", "pink", "pink", "brown", "hum", "babble", "babble")


def draw_channel(rng: random.Random) -> Channel:
    """A third clean but for the level, a third lightly noised; the others a room, noise, a narrow band."""
    gain_db = rng.uniform(-12.0, 4.0)
    kind = rng.random()
    if kind < 0.3:
        return Channel(gain_db=gain_db)
    if kind < 0.65:
        return Channel(None, rng.choice(_NOISES), rng.uniform(18.0, 45.0), gain_db=gain_db)
    room = None
    if rng.random() < 0.4:
        room = Room(rng.uniform(0.15, 0.6), rng.uniform(0.3, 2.0), rng.randrange(1 << 30))
    band_hz = None
    if rng.random() < 0.25:
        band_hz = TELEPHONE_BAND_HZ if rng.random() < 0.5 else (rng.uniform(50, 300), rng.uniform(3400, 7600))
    snr_db = rng.uniform(10.0, 35.0) if rng.random() < 0.75 else None
    return Channel(room, rng.choice(_NOISES), snr_db, band_hz, gain_db)
