"""What is left out under pressure, least missed first: 1 partials rarer, 2 partials rarer, short and plain,
3 no partials, and a smaller model where one is configured. Finals are never left out. Pure.
"""

from dataclasses import replace

from speech.recognizer import DecodeOptions

PARTIAL_EVERY_S = (0.0, 1.5, 3.0)  # by pressure; above it there are none
LONGEST_PARTIAL_S = (30.0, 30.0, 8.0)
PARTIAL_TOKENS = (96, 96, 48)


def partial_is_due(pressure: int, since_last_s: float, duration_s: float) -> bool:
    if pressure >= len(PARTIAL_EVERY_S):
        return False
    return since_last_s >= PARTIAL_EVERY_S[pressure] and duration_s <= LONGEST_PARTIAL_S[pressure]


def eased(options: DecodeOptions, is_partial: bool, pressure: int) -> DecodeOptions:
    if not is_partial:
        return options
    tokens = PARTIAL_TOKENS[min(pressure, len(PARTIAL_TOKENS) - 1)]
    return replace(options, max_new_tokens=min(options.max_new_tokens, tokens), word_times=False)
