"""Sentences that the live page's modules show: translated here, so that one catalogue serves."""

from django.utils.translation import gettext as _


def page_strings() -> dict[str, str]:
    """Names in braces are filled in by the browser. Some keys are codes of the native protocol."""
    return {
        "button_start": _("Start dictation"),
        "button_pause": _("Pause"),
        "button_resume": _("Go on"),
        "button_again": _("New dictation"),
        "idle": _("Ready. Nothing is being recorded."),
        "asking": _("Waiting for the microphone: allow it in the browser."),
        "paused": _("Paused, the microphone is off"),
        "finishing": _("Finishing the last words"),
        "finished": _("Finished"),
        "saved": _("Saved to {time}"),
        "kept": _("{seconds} s more are kept in this page"),
        "connecting": _("connecting…"),
        "reconnecting": _("connection lost, reconnecting…"),
        "not_understood": _("[not understood, but recorded]"),
        "text_follows": _("[recorded; the text follows in the stored recording]"),
        "sure": _("sure: {percent} %"),
        "corrected": _("corrected"),
        "correction_saved": _("Correction saved"),
        "correction_kept": _("Correction kept in this browser, not yet saved"),
        "correction_refused": _("The correction was not saved:"),
        "correction_empty": _("A sentence cannot be emptied; it stays as it was"),
        "part": _("{name}, part {number}"),
        "parts": _("This dictation is in {count} parts"),
        "copied": _("Text copied"),
        "copy_failed": _("The browser does not let the page copy; select the text instead"),
        "term_heard": _("in this text"),
        "terms_heard": _("{count} of them in this text"),
        "microphone_default": _("Default microphone"),
        "microphone_changed": _("Now listening to: {name}"),
        "silent": _("No sound comes from this microphone"),
        "faint": _("Very quiet: come closer to the microphone"),
        "clipped": _("Too loud: move away from the microphone"),
        "slow": _("recognition runs slower now"),
        "busy": _("Recognition is full at the moment: your words are kept here and sent in a few seconds"),
        "full": _("This page can keep no more sound: paused until the connection is back"),
        "reloaded": _("The page was loaded again; press to go on"),
        "engine_unavailable": _("Recognition does not answer: you are being recorded, the text comes later"),
        "not_saved": _("The server cannot save right now; keep this page open"),
        "mic_lost": _("The microphone was taken away; press to go on"),
        "no_permission": _(
            "The microphone is not allowed. Allow it in the browser's address bar, then start again"
        ),
        "no_sound": _("No microphone or sound was found"),
        "no_https": _("The browser gives the microphone only to an https address"),
        "logged_out": _("You were logged out. Log in again in another tab, then start again"),
        "not_allowed": _("You may not dictate at this site"),
        "role_missing": _("You may not dictate at this site"),
        "no_live_model": _("No speech model is live at this site yet"),
        "taken_over": _("This dictation goes on in another window"),
        "other_person": _(
            "Somebody else has logged in here. What you said is kept on this computer for you: log in again."
        ),
        "failed": _("That did not work; start again"),
    }
