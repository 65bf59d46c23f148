"""What is wrong with a sound file, said to the person who brought it."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from speech.audio import AudioDecodeError

_SENTENCES = {
    "missing": gettext_lazy("The file is not there."),
    "empty": gettext_lazy("The file is empty."),
    "no_recording": gettext_lazy("The file is not a sound recording, or it is damaged."),
    "no_audio_stream": gettext_lazy("The file holds no sound, only pictures or other data."),
    "nothing_read": gettext_lazy("The file is damaged or cut off: no sound could be read from it."),
    "bad_copy": gettext_lazy("The normalised copy of the recording cannot be read."),
}


def why_refused(error: AudioDecodeError) -> str:
    """One sentence in the language of the person, or of the hospital where a worker says it."""
    if error.code != "too_long":
        return str(_SENTENCES[error.code])
    limit_s = error.details["limit_s"]
    if limit_s < 60:
        limit = ngettext("%(n)g second", "%(n)g seconds", round(limit_s)) % {"n": limit_s}
    else:
        limit = ngettext("%(n)g minute", "%(n)g minutes", round(limit_s / 60)) % {"n": limit_s / 60}
    return _("The recording is longer than the %(limit)s that are allowed.") % {"limit": limit}
