"""What a client tells the recogniser beforehand (terms, a prompt), and how much of it there may be."""

from collections.abc import Iterable

from inference.api.problems import BadRequest

# A recogniser reads some hundred characters before the sound. The engine takes them in its address, which
# ends at 64 kB: nine bytes for a Chinese character.
MOST_CHARACTERS = 6000


def require_short(hints: Iterable[str], param: str) -> None:
    """Raises BadRequest that names `param`."""
    if sum(len(one) + 1 for one in hints) > MOST_CHARACTERS:
        message = f"Terms and prompt may have {MOST_CHARACTERS} characters together; send those that matter."
        raise BadRequest("too_many_terms", message, param=param)
