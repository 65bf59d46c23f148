"""How long the simulated expert takes, keystroke by keystroke.

Keystroke-Level Model (Card, Moran and Newell, CACM 23(7), 1980): K 0.28 s a keystroke of an average typist,
M 1.35 s to make up one's mind, P 1.1 s to reach a place. A hanzi typed by sound takes three keys and the
choice of the right one. The expert hears the segment once, and again a second of it for each place that is
wrong; a draft with many wrong places is typed anew while it is heard a second time.
"""

from annotation.texts.differences import pieces
from speech.text import characters

KEY_S, MIND_S, PLACE_S = 0.28, 1.35, 1.1
KEYS_PER_HANZI = 4
HEARD_AGAIN_S = 1.0


def seconds_of(duration_ms: int, draft: str, said: str) -> float:
    """From the first sound to the confirmed text."""
    heard_s = duration_ms / 1000
    decided_s = MIND_S + KEY_S
    return heard_s + decided_s + min(_edited_s(draft, said), heard_s + MIND_S + _typed_s(said))


def _edited_s(draft: str, said: str) -> float:
    wrong = [
        piece for piece in pieces(draft, said) if not piece.same and characters(piece.left + piece.right)
    ]
    return sum(MIND_S + PLACE_S + HEARD_AGAIN_S + KEY_S + _typed_s(piece.right) for piece in wrong)


def _typed_s(text: str) -> float:
    return KEY_S * sum(1 if character.isascii() else KEYS_PER_HANZI for character in text)
