"""Marks go with their words when a segment is split or joined: an export masks them as before."""

import pytest

from annotation.models import Draft
from annotation.services.cuts import segment_merge, segment_split
from annotation.services.labels import draft_save, label_submit
from annotation.services.queue import segment_claim
from tests.annotation.test_marks_kept import exported
from tests.factories import make_recording, make_segment

pytestmark = pytest.mark.django_db

TEXT = "病人王小明血壓偏高"
NAME = {"start": 2, "end": 5, "kind": "name"}


@pytest.fixture
def segment(cast):
    segment = make_segment(make_recording(cast.site, audio=True, duration_ms=20_000), 4000, 10_000, text=TEXT)
    return segment_claim(user=cast.annotator, segment=segment)


def save(cast, segment, text, phi) -> None:
    draft_save(user=cast.annotator, segment=segment, text=text, base_version=0, active_edit_ms=0, phi=phi)


def marks_of(cast, segment) -> list[str]:
    """What is marked in the draft of a part."""
    draft = Draft.objects.filter(segment=segment, author=cast.annotator).first()
    return [draft.text[one["start"] : one["end"]] for one in draft.phi] if draft else []


@pytest.mark.parametrize("sent", [[NAME], None])
@pytest.mark.parametrize(
    ("caret", "left", "right"), [(1, [], ["王小明"]), (5, ["王小明"], []), (3, ["王"], ["小明"])]
)
def test_each_part_of_a_split_has_its_own_marks(cast, segment, sent, caret, left, right) -> None:
    if sent is None:  # those of the draft, then
        save(cast, segment, TEXT, [NAME])
    parts = segment_split(user=cast.annotator, segment=segment, text=TEXT, caret=caret, phi=sent)
    assert [marks_of(cast, part) for part in parts] == [left, right]
    assert marks_of(cast, segment) == ["王小明"]  # what it was made of keeps them, too


@pytest.mark.parametrize("side", ["previous", "next"])
@pytest.mark.parametrize("sent", [[NAME], None])
def test_a_join_has_the_marks_of_both(cast, segment, side, sent) -> None:
    times = (1000, 3800) if side == "previous" else (10_200, 12_000)
    other = make_segment(segment.recording, *times, text="電話零九一二")
    save(cast, other, "電話零九一二", [{"start": 2, "end": 6, "kind": "phone"}])
    if sent is None:
        save(cast, segment, TEXT, [NAME])
    joined, _ = segment_merge(user=cast.annotator, segment=segment, side=side, text=TEXT, phi=sent)
    assert sorted(marks_of(cast, joined)) == sorted(["王小明", "零九一二"])


def test_what_was_marked_before_a_split_is_masked_in_the_export(client, cast, segment) -> None:
    client.force_login(cast.annotator)
    body = {"text": TEXT, "caret": 5, "active_edit_ms": 5, "phi": [NAME]}
    address = f"/correct/{segment.uuid}/split/"
    assert client.post(address, body, content_type="application/json").status_code == 200
    for part in segment.became.order_by("start_ms"):
        text = editable(part, cast.annotator)
        label_submit(user=cast.annotator, segment=part, text=text, version=0, active_edit_ms=0)
    assert exported(cast, segment.recording) == ["病人[NAME]", "血壓偏高"]


def test_marks_that_do_not_fit_are_refused_and_nothing_is_joined(client, cast, segment) -> None:
    make_segment(segment.recording, 10_200, 12_000, text="電話")
    client.force_login(cast.annotator)
    body = {"text": "病人", "side": "next", "active_edit_ms": 5, "phi": [NAME]}
    answer = client.post(f"/correct/{segment.uuid}/merge/", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_phi")
    assert not segment.became.exists()


def editable(segment, user) -> str:
    draft = Draft.objects.filter(segment=segment, author=user).first()
    return draft.text if draft else segment.hypothesis.text
