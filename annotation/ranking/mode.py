"""How a segment is best worked on, by how wrong its draft probably is. PURE.

A draft that is probably right is heard once and confirmed; one that is mostly wrong is typed anew, because
repairing it costs more (Gaur et al., W4A 2016: editing wins below about 30 % of wrong words; Sperber et
al., LREC 2016), and because a poor draft misleads the ear. The rest is edited.
"""

from typing import Literal

Mode = Literal["confirm", "edit", "retype"]


def predicted_cer(expected_errors: float, expected_length: float) -> float:
    """Errors for each character that was probably said; nothing said and nothing wrong is 0."""
    return expected_errors / max(1.0, expected_length)


def mode_of(
    expected_errors: float, expected_length: float, *, confirm_below: float, retype_above: float
) -> Mode:
    """Both bounds are predicted CERs as fractions; where they cross, nothing is merely confirmed."""
    cer = predicted_cer(expected_errors, expected_length)
    if cer > retype_above:
        return "retype"
    return "confirm" if cer < confirm_below else "edit"
