"""One frame of sound sealed with its session's key: AES-256-GCM. Knows nothing of files.

The nonce is drawn anew for every frame and stored before it. A frame's number would not do: a frame that was
cut off after a crash comes again under its old number with other sound, and one nonce for two texts gives
away both and the means to forge more. The number is authenticated beside the frame instead, so that frames
cannot be exchanged. 2^32 random nonces under one key are safe (NIST SP 800-38D, 8.3); a session has 150,000.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from base.encryption import wrong_key

KEY_BYTES = 32
_NONCE_BYTES, _TAG_BYTES = 12, 16
OVERHEAD_BYTES = _NONCE_BYTES + _TAG_BYTES


class FrameSeal:
    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, number: int, frame: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, frame, number.to_bytes(8, "little"))

    def open(self, number: int, record: bytes) -> bytes:
        """Raises WrongStorageKey: another key, another place, or changed by somebody."""
        try:
            return self._cipher.decrypt(
                record[:_NONCE_BYTES], record[_NONCE_BYTES:], number.to_bytes(8, "little")
            )
        except InvalidTag:
            raise wrong_key() from None
