"""A person's own keys. One list says which chords a page may take from browser and input method."""

from collections.abc import Mapping
from string import ascii_uppercase

from django.utils.translation import gettext as _

from accounts.models import User
from annotation.models import PersonalKeys
from base.errors import DomainError

_ARROWS = ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown")
_SIGNS = (
    "Minus",
    "Equal",
    "Slash",
    "Backslash",
    "BracketLeft",
    "BracketRight",
    "Semicolon",
    "Quote",
    "Comma",
)
# Alt+D, E and F open the browser's own menus and address line; Alt+Space the window's; Alt+` switches input.
_WITH_ALT = (
    *(f"Key{letter}" for letter in ascii_uppercase if letter not in "DEF"),
    *(f"Digit{digit}" for digit in range(10)),
    *_ARROWS,
    *_SIGNS,
    "Period",
    "Enter",
    "PageUp",
    "PageDown",
)
# Most of Ctrl belongs to the browser (tabs, windows, zoom), to editing (A C V X) and to input methods
# (Space , . and Shift); Ctrl+Alt is AltGr on many keyboards; plain letters are text.
_WITH_CTRL = ("Enter", "KeyB", "KeyI", "KeyM", "KeyS", "KeyY", "KeyZ")
_ALONE = ("Escape", "F2", "F4", "F8", "F9")
ALLOWED_CHORDS = (
    *(f"Alt+{code}" for code in _WITH_ALT),
    *(f"Ctrl+{code}" for code in _WITH_CTRL),
    "Ctrl+Shift+KeyZ",
    *_ALONE,
)
MOST_ACTIONS = 60
LONGEST_ACTION = 40


def keys_save(*, user: User, chords: Mapping[str, object]) -> dict[str, str]:
    """Replaces all of a person's own keys; an empty mapping is the way back to the page's keys.

    Raises DomainError `bad_keys`, `key_reserved`, `key_twice`.
    """
    if len(chords) > MOST_ACTIONS or any(not action or len(action) > LONGEST_ACTION for action in chords):
        raise DomainError("bad_keys", _("These are no keys of this page."))
    if any(chord not in ALLOWED_CHORDS for chord in chords.values()):
        message = _(
            "One of these keys belongs to the browser or to input methods. Take Alt with another key."
        )
        raise DomainError("key_reserved", message)
    if len(set(chords.values())) < len(chords):
        raise DomainError("key_twice", _("One key cannot do two things."))
    kept = {action: str(chord) for action, chord in chords.items()}
    PersonalKeys.objects.update_or_create(user=user, defaults={"chords": kept})
    return kept
