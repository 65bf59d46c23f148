"""Whoever sends a text without a word about its marks takes none off: they would leave in an export."""

import io
import json
import zipfile

import pytest

from annotation.models import Draft, Label
from annotation.services.exports import recording_export
from annotation.services.labels import draft_save, label_submit
from tests.factories import make_label, make_recording, make_segment

pytestmark = pytest.mark.django_db

TEXT = "病人王小明血壓偏高"
NAME = {"start": 2, "end": 5, "kind": "name"}
MOVED = {"start": 3, "end": 6, "kind": "name"}


@pytest.fixture
def segment(cast):
    return make_segment(make_recording(cast.site, audio=True), 0, 1800, text=TEXT)


def save(cast, segment, text=TEXT, version=0, **more) -> Draft:
    return draft_save(
        user=cast.annotator, segment=segment, text=text, base_version=version, active_edit_ms=0, **more
    )


def submit(cast, segment, text=TEXT, version=0, **more) -> Label:
    return label_submit(
        user=cast.annotator, segment=segment, text=text, version=version, active_edit_ms=0, **more
    )


def exported(cast, recording) -> list[str]:
    target = io.BytesIO()
    recording_export(user=cast.reviewer, recording=recording, target=target)
    lines = zipfile.ZipFile(target).read("manifest.jsonl").decode().splitlines()
    return [json.loads(line)["text"] for line in lines]


def test_a_draft_marked_on_one_page_and_confirmed_on_another_stays_masked(cast, segment) -> None:
    save(cast, segment, phi=[NAME])
    label = submit(cast, segment)
    assert label.phi == [NAME]
    assert exported(cast, segment.recording) == ["病人[NAME]血壓偏高"]
    assert submit(cast, segment) == label  # the answer was lost on the way


def test_a_draft_saved_without_marks_keeps_those_of_the_draft_before(cast, segment) -> None:
    save(cast, segment, phi=[NAME])
    assert save(cast, segment, f"這{TEXT}").phi == [MOVED]
    assert save(cast, segment, f"這{TEXT}", phi=[]).phi == []  # none at all is something else


def test_a_draft_saved_without_marks_begins_with_those_of_its_version(cast, segment) -> None:
    make_label(segment, TEXT, phi=[NAME])
    assert save(cast, segment, f"這{TEXT}", version=1).phi == [MOVED]
    assert submit(cast, segment, f"這{TEXT}", version=1).phi == [MOVED]


def test_the_marks_of_a_version_and_of_the_draft_upon_it_are_united(cast, segment) -> None:
    make_label(segment, TEXT, phi=[NAME])
    other = {"start": 5, "end": 7, "kind": "other"}
    save(cast, segment, version=1, phi=[other])
    assert submit(cast, segment, version=1).phi == [NAME, other]


def test_who_started_before_any_version_is_told_no_marks_of_one(cast, segment) -> None:
    make_label(segment, TEXT, author=cast.reviewer, phi=[NAME])
    assert save(cast, segment).phi == []
