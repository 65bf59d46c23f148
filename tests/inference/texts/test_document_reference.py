"""The DocumentReference against HL7's definition of it (fhir.resources; R4B left this resource as in R4)."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fhir.resources.R4B.documentreference import DocumentReference
from pydantic import ValidationError

from inference.texts.document_reference import DURATION, Note, Sound, document_reference

TEXT = "病人血壓一百四十。"
NOTE = Note(
    uuid="0d5c4b0e-6f0e-4a6c-9a51-0b6f4f3f7c11",
    text=TEXT,
    author="陳醫師",
    organisation="北區醫院",
    started=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
    ended=datetime(2026, 3, 1, 9, 34, tzinfo=UTC),
    written=datetime(2026, 3, 1, 9, 35, tzinfo=UTC),
    title="Dictation",
)
SOUND = Sound("https://auscult.example/live/x/audio.wav", "audio/wav", 241_500, b"\x01" * 20, 7_728_044)
# https://hl7.org/fhir/R4/datatypes.html: these two the library reads more kindly than the standard.
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
CODE = re.compile(r"[^\s]+(\s[^\s]+)*")


def outline(value: object) -> object:
    """The element without its values; FHIR knows neither empty texts nor empty lists."""
    assert value not in ("", [], {}, None)
    if isinstance(value, dict):
        return {key: outline(each) for key, each in value.items()}
    return [outline(each) for each in value] if isinstance(value, list) else type(value)


@pytest.mark.parametrize("note", [NOTE, replace(NOTE, sound=SOUND), replace(NOTE, text="")])
def test_it_is_a_document_reference_as_the_standard_wants_it(note):
    built = document_reference(note)
    read = DocumentReference.model_validate_json(json.dumps(built))
    assert outline(json.loads(read.model_dump_json())) == outline(built), "not all of it was understood"
    assert INSTANT.fullmatch(built["date"])
    assert all(CODE.fullmatch(each["attachment"]["contentType"]) for each in built["content"])


def test_the_note_is_whole_and_its_hash_and_size_fit():
    attachment = document_reference(NOTE)["content"][0]["attachment"]
    data = base64.b64decode(attachment["data"], validate=True)
    assert data.decode() == TEXT
    assert attachment["size"] == len(data)
    assert base64.b64decode(attachment["hash"]) == hashlib.sha1(data).digest()


def test_it_names_author_hospital_and_time_and_says_that_nobody_signed_it():
    built = document_reference(NOTE)
    assert (built["status"], built["docStatus"]) == ("current", "preliminary")
    assert built["type"]["coding"][0]["code"] == "34109-9"
    assert built["author"][0]["display"] == "陳醫師"
    assert built["custodian"]["display"] == "北區醫院"
    assert built["context"]["period"]["end"].startswith("2026-03-01T09:34")


def test_the_sound_is_referred_to_with_its_length():
    assert len(document_reference(NOTE)["content"]) == 1
    attachment = document_reference(replace(NOTE, sound=SOUND))["content"][1]["attachment"]
    assert attachment["url"] == SOUND.url
    assert attachment["extension"] == [{"url": DURATION, "valueDecimal": 241.5}]
    assert base64.b64decode(attachment["hash"]) == b"\x01" * 20


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError):
        document_reference(replace(NOTE, written=datetime(2026, 3, 1)))


def test_the_check_itself_refuses_what_is_wrong():
    for wrong in (
        {"content": [{"format": {}}]},
        {"status": None},
        {"transcript": "x"},
        {"date": "yesterday"},
    ):
        with pytest.raises(ValidationError):
            DocumentReference.model_validate({**document_reference(NOTE), **wrong})
