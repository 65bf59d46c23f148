"""A dictation as a FHIR R4 DocumentReference: the note as text and, once it is stored, where its sound is.

https://hl7.org/fhir/R4/documentreference.html. Whose patient it is Auscult does not know: `subject` is for
the system that takes it. `docStatus` is "preliminary": nobody has signed a dictation.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

# https://loinc.org/34109-9: a note whose kind is not said.
NOTE = {"system": "http://loinc.org", "code": "34109-9", "display": "Note"}
FORMAT = {
    "system": "http://ihe.net/fhir/ValueSet/IHE.FormatCode.codesystem",
    "code": "urn:ihe:iti:xds:2017:mimeTypeSufficient",
    "display": "mimeType Sufficient",
}
# R4's Attachment has no duration; R5's comes as its cross-version extension.
DURATION = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Attachment.duration"


@dataclass(frozen=True, slots=True)
class Sound:
    url: str
    content_type: str
    duration_ms: int
    sha1: bytes | None = None  # of the bytes behind `url`; R4 wants SHA-1
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    uuid: str
    text: str
    author: str
    organisation: str
    started: datetime  # with a time zone, as all of these
    ended: datetime
    written: datetime
    title: str
    language: str = "zh-TW"
    sound: Sound | None = None


def document_reference(note: Note) -> dict[str, Any]:
    """Raises ValueError on a time without a zone: FHIR's instant has one."""
    attachments = [_text(note)] + ([_sound(note, note.sound)] if note.sound else [])
    return {
        "resourceType": "DocumentReference",
        "id": note.uuid,
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{note.uuid}"}],
        "status": "current",
        "docStatus": "preliminary",
        "type": {"coding": [NOTE], "text": note.title},
        "date": _instant(note.written),
        "author": [{"type": "Practitioner", "display": note.author}],
        "custodian": {"type": "Organization", "display": note.organisation},
        "description": note.title,
        "content": [{"attachment": attachment, "format": FORMAT} for attachment in attachments],
        "context": {"period": {"start": _instant(note.started), "end": _instant(note.ended)}},
    }


def _text(note: Note) -> dict[str, Any]:
    data = note.text.encode()
    attachment: dict[str, Any] = {
        "contentType": "text/plain; charset=utf-8",
        "language": note.language,
        "size": len(data),
        "title": note.title,
        "creation": _instant(note.written),
    }
    if data:  # an element of FHIR is never empty
        attachment["data"] = base64.b64encode(data).decode()
        attachment["hash"] = base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()
    return attachment


def _sound(note: Note, sound: Sound) -> dict[str, Any]:
    attachment: dict[str, Any] = {
        "extension": [{"url": DURATION, "valueDecimal": sound.duration_ms / 1000}],
        "contentType": sound.content_type,
        "url": sound.url,
        "title": note.title,
        "creation": _instant(note.ended),
    }
    if sound.sha1 is not None:
        attachment["hash"] = base64.b64encode(sound.sha1).decode()
    if sound.size_bytes is not None:
        attachment["size"] = sound.size_bytes
    return attachment


def _instant(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at.isoformat(timespec="milliseconds")
