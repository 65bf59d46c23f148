"""Sentences that the page's modules show: translated here, so that one catalogue serves."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

# What the core says of a file (speech/audio.py knows no catalogue): pages translate the stored sentence.
CORE_SENTENCES = (
    gettext_noop("The file is empty."),
    gettext_noop("The file is not there."),
    gettext_noop("The file is not a sound recording, or it is damaged."),
    gettext_noop("The file holds no sound, only pictures or other data."),
    gettext_noop("The normalised copy of the recording cannot be read."),
)


def page_strings() -> dict[str, str]:
    """Names in braces are filled in by the browser."""
    return {
        "saved": _("Draft saved {seconds} s ago"),
        "saved_long": _("Draft saved {minutes} min ago"),
        "version": _("version {version}"),
        "typing": _("Saving…"),
        "unsaved": _("Not saved: the server does not answer. Trying again; keep this page open."),
        "refused": _("Not saved."),
        "unreachable": _("The server does not answer. Your text is still here; try again in a moment."),
        "logged_out": _(
            "You were logged out. Log in again in another tab, then come back: your text is still here."
        ),
        "failed": _("That did not work. Your text is still here; try again."),
        "sure": _("sure to {percent} %"),
        "unknown": _("not known how sure"),
        "no_doubt": _("No more doubtful words."),
        "enter": _("Ctrl+Enter confirms."),
    }
