"""Frames of the native protocol: a little-endian uint32 sequence number, then the sound.

That is whole PCM16 samples, 16 kHz mono, or exactly one Opus packet. Either way PCM comes out of it.
"""

from typing import Literal, get_args

from speech.wire_sound import WireSound, WireSoundError

Codec = Literal["pcm16", "opus"]
CODECS: tuple[Codec, ...] = get_args(Codec)
HEADER_BYTES = 4
MAX_SOUND_BYTES = 64_000


class BadFrameError(ValueError):
    """Nothing that can be written down."""


class FrameReader:
    """One per connection: an Opus decoder remembers the packets before, so frames are decoded in order."""

    def __init__(self, codec: Codec = "pcm16") -> None:
        self._codec = codec
        self._sound = WireSound(codec)

    def number(self, data: bytes) -> int:
        """Raises BadFrameError."""
        size = len(data) - HEADER_BYTES
        if size <= 0 or size > MAX_SOUND_BYTES or (self._codec == "pcm16" and size % 2):
            raise BadFrameError
        return int.from_bytes(data[:HEADER_BYTES], "little")

    def pcm(self, data: bytes) -> bytes:
        """Raises BadFrameError; the next frame may be good again."""
        try:
            pcm = self._sound.feed(data[HEADER_BYTES:])
        except WireSoundError as error:
            raise BadFrameError from error
        if not pcm:
            raise BadFrameError
        return pcm
