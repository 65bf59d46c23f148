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
        "saved": _("Saved {seconds} s ago"),
        "saved_long": _("Saved {minutes} min ago"),
        "version": _("version {version}"),
        "typing": _("Saving…"),
        "kept": _("Saved on this computer, not yet on the server."),
        "confirmed": _("Confirmed on this computer, not yet on the server."),
        "nowhere": _("Not saved anywhere: keep this page open."),
        "cause_offline": _("There is no network; it is sent when it is back."),
        "cause_away": _("The server does not answer; trying again."),
        "cause_logged_out": _("You are logged out. Log in again in another tab; then it is sent."),
        "cause_other_person": _("Somebody else has logged in here. It is sent when you log in again."),
        "cause_refused": _("The server does not take it as it stands."),
        "restored": _("Restored from this computer: the server did not have this yet."),
        "sent_late": _("It is on the server now. Ctrl+Enter leads to the next segment."),
        "unreachable": _("The server does not answer. Your text is still here; try again in a moment."),
        "logged_out": _(
            "You were logged out. Log in again in another tab, then come back: your text is still here."
        ),
        "failed": _("That did not work. Your text is still here; try again."),
        "sure": _("sure to {percent} %"),
        "unknown": _("not known how sure"),
        "no_doubt": _("No more doubtful words."),
        "enter": _("{key} confirms."),
        # undo.js, listening.js, mode.js
        "nothing_to_undo": _("Nothing to take back."),
        "nothing_to_redo": _("Nothing to put back."),
        "slow": _("Slowly, then as before."),
        "loop_words": _("The selected words again and again."),
        "loop_all": _("All of it again and again."),
        "listen_first": _("Hear it once through before you confirm: about {seconds} s left."),
        "draft_already": _("The text started from the draft."),
        # personal_keys.js
        "key_change": _("Change"),
        "key_press": _("Press the new key for “{action}”. Esc leaves it as it is."),
        "key_kept": _("{key} is now: {action}"),
        "key_clash": _("{key} is already: {action}. Change that one first, or press another key."),
        "key_reserved": _(
            "{key} belongs to the browser or to your input method."
            " Press Alt with a letter, a number or an arrow."
        ),
        "keys_reset": _("All keys are as they were at first."),
        # fix_everywhere.js
        "fix_offer": _("“{wrong}” → “{right}”: {count} more open drafts say “{wrong}”."),
        "fix_nothing": _("Put a word right or select one: then look for it in the other drafts."),
        "fix_apply": _("Put right in {count} segments"),
        "suggestions": _("{n} terms, Tab takes the first"),
        "write_instead": _("Write “{form}” in place of “{heard}”"),
        "select_private": _("Select the words that tell who it is first."),
        "phi_remove": _("Take the mark “{kind}” off “{text}”"),
        "select_word": _("Select the word that is to go into the lexicon first."),
        # Two texts of one segment.
        "by_other": _("{author} saved another text of this segment while you were typing"),
        "by_me": _("You typed another text of this segment, in another window or on another computer"),
        "mine": _("mine"),
        "theirs": _("saved"),
        "both": _("both"),
        "mine_cut": _("cut by me"),
        "theirs_cut": _("cut there"),
        "nothing": _("(nothing)"),
        "choice": _("Both sides changed place {number}: which text is right?"),
        "left": _("Still to choose: {left}"),
        "none_left": _("Nothing left to choose. Ctrl+Enter takes this text."),
        "merged": _("Both texts are one now. Look it over; Ctrl+Enter confirms it."),
        "unwritten": _("speech without words"),
        "unspoken": _("words without speech"),
        "no_spectrogram": _("The spectrogram could not be drawn."),
        "hearing": _("Hearing again…"),
        "heard_all": _("Heard again, {language}, by {model}: the whole segment"),
        "heard_part": _("Heard again, {language}, by {model}: in place of “{part}”"),
        "heard_nothing": _("Nothing was heard that can be trusted."),
        "language_zh": _("as Chinese"),
        "language_en": _("as English"),
    }


def settling_strings() -> dict[str, str]:
    """Of the page where a reviewer settles two texts."""
    return {
        name: text for name, text in page_strings().items() if name in ("unreachable", "logged_out", "failed")
    } | {
        "enter": _("Ctrl+Enter confirms."),
        "left": _("{count} places left"),
        "left_one": _("1 place left"),
        "left_none": _("All places are decided."),
        "undecided": _("Take a side at every place first, or write the text yourself."),
    }
