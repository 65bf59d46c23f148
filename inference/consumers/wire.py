"""Notices of a dictation as messages of the native protocol. Codes are for the page, which has the words."""

from dataclasses import asdict

from base.errors import DomainError
from inference.consumers.live_run import Deaf, Fallback, NotSaved, Saved
from inference.consumers.notices import FinalText, Notice, ShutOut, Stopped, TakenOver
from inference.streaming.events import Committed, Partial, SpeechEnded, SpeechStarted, Untranscribed

Message = dict[str, object]

SENTENCES = {
    "bad_message": "This message is not part of the protocol.",
    "bad_frame": "A frame is a sequence number, then whole 16-bit samples (at most 2 s) or an Opus packet.",
    "busy": "As many people speak as can be served; try again in retry_after_s seconds.",
    "not_started": "Send a start message first.",
    "gap": "A frame is missing; send again from next_seq.",
    "not_saved": "The disk did not take the sound; send again from next_seq.",
    "engine_unavailable": "Recognition does not answer; your words are kept and the text comes later.",
    "session_over": "This session has ended; what was said in it is kept.",
    "session_full": "This session is as long as a recording may be; it is kept, start a new one.",
    "taken_over": "This session was continued in another window.",
}


def error(code: str, **detail: object) -> Message:
    return {"type": "error", "code": code, "message": SENTENCES[code], **detail}


def refusal(refused: DomainError) -> Message:
    return {"type": "error", "code": refused.code, "message": str(refused.message)}


def message_of(notice: Notice, wanted: frozenset[str] = frozenset({"partial"})) -> Message | None:
    """None: the client need not know. `wanted`: what it asked for of running utterances."""
    match notice:
        case Saved(seq, saved_ms):
            return {"type": "ack", "seq": seq, "saved_ms": saved_ms}
        case NotSaved(next_seq):
            return error("not_saved", next_seq=next_seq)
        case Deaf(True):
            return error("engine_unavailable")
        case Deaf(False):
            return {"type": "engine_back"}
        case Fallback(active):
            return {"type": "engine_fallback", "active": active}
        case SpeechStarted(utterance, at_ms):
            return {"type": "speech_started", "utterance": utterance, "at_ms": at_ms}
        case SpeechEnded():
            return {"type": "speech_ended", "utterance": notice.utterance, "at_ms": notice.speech_end_ms}
        case Committed(utterance, text) if "committed" in wanted:
            return {"type": "committed", "utterance": utterance, "text": text}
        case Partial(utterance, text, stable, start_ms) if "partial" in wanted:
            return {
                "type": "partial",
                "utterance": utterance,
                "text": text,
                "stable": stable,
                "start_ms": start_ms,
            }
        case Untranscribed():
            return {"type": "untranscribed", **asdict(notice)}
        case FinalText():
            return {
                "type": "final",
                "id": str(notice.id),
                "utterance": notice.utterance,
                "text": notice.text,
                "words": [asdict(word) for word in notice.words],
                "flags": list(notice.flags),
                "start_ms": notice.start_ms,
                "end_ms": notice.end_ms,
                "latency_ms": notice.latency_ms,
            }
        case TakenOver():
            return error("taken_over")
        case ShutOut(refused):
            return refusal(refused)
        case Stopped(session, saved_ms):
            return {"type": "stopped", "session": str(session), "saved_ms": saved_ms}
    return None
