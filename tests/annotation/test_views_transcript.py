"""The whole transcript: who sees and writes what, with few queries, through the services of one segment."""

import pytest

from annotation.models import Label, Segment, SegmentStatus
from annotation.services.labels import draft_save
from annotation.services.queue import segment_claim
from tests.factories import make_label, make_recording, make_segment

pytestmark = pytest.mark.django_db


@pytest.fixture
def recording(cast):
    return make_recording(cast.site, audio=True, duration_ms=60_000)


def texts(response) -> list[str]:
    return [line.text for line in response.context["lines"]]


def test_each_line_shows_ones_own_draft_else_the_newest_label_else_what_was_heard(
    client, cast, recording
) -> None:
    rows = [make_segment(recording, 1000 * i, 1000 * i + 900, text=f"聽{i}") for i in range(3)]
    make_label(rows[1], "舊")
    make_label(rows[1], "新")
    draft_save(user=cast.annotator, segment=rows[2], text="我的", base_version=0, active_edit_ms=9)
    draft_save(user=cast.reviewer, segment=rows[0], text="別人的", base_version=0, active_edit_ms=9)
    client.force_login(cast.annotator)
    response = client.get(f"/recordings/{recording.uuid}/transcript/")
    assert texts(response) == ["聽0", "新", "我的"]
    assert [line.version for line in response.context["lines"]] == [0, 2, 0]
    assert "別人的" not in response.content.decode()


def test_lines_stand_in_the_order_of_time_and_without_what_was_replaced(client, cast, recording) -> None:
    make_segment(recording, 5000, 6000, text="後", index=0)
    make_segment(recording, 1000, 2000, text="先", index=1)
    make_segment(recording, 1000, 6000, text="舊", index=2, status=SegmentStatus.REPLACED)
    client.force_login(cast.annotator)
    assert texts(client.get(f"/recordings/{recording.uuid}/transcript/")) == ["先", "後"]


def test_a_text_with_markup_and_a_first_empty_line_comes_back_as_it_is(client, cast, recording) -> None:
    make_segment(recording, 0, 900, text="\n</textarea><b>x")
    client.force_login(cast.annotator)
    page = client.get(f"/recordings/{recording.uuid}/transcript/").content.decode()
    assert "\n\n&lt;/textarea&gt;&lt;b&gt;x</textarea>" in page


def test_a_thousand_segments_take_few_queries(client, cast, recording, django_assert_max_num_queries) -> None:
    Segment.objects.bulk_create(
        Segment(recording=recording, site=cast.site, index=i, start_ms=60 * i, end_ms=60 * i + 50)
        for i in range(1000)
    )
    client.force_login(cast.annotator)
    with django_assert_max_num_queries(12):
        response = client.get(f"/recordings/{recording.uuid}/transcript/")
    assert len(response.context["lines"]) == 1000


def test_an_engineer_reads_and_an_outsider_finds_nothing(client, cast, recording) -> None:
    make_segment(recording, 0, 900, text="血壓")
    client.force_login(cast.engineer)
    page = client.get(f"/recordings/{recording.uuid}/transcript/").content.decode()
    assert page.count("<textarea") == page.count("readonly") == 1
    client.force_login(cast.outsider)
    assert client.get(f"/recordings/{recording.uuid}/transcript/").status_code == 404


def test_lines_that_nobody_can_write_in_are_read_only(client, cast, recording) -> None:
    for at, status in enumerate((SegmentStatus.WAITING, SegmentStatus.UNUSABLE, SegmentStatus.OPEN)):
        make_segment(recording, 1000 * at, 1000 * at + 900, text="一", status=status)
    client.force_login(cast.annotator)
    page = client.get(f"/recordings/{recording.uuid}/transcript/").content.decode()
    assert page.count("readonly") == 2


def test_in_other_hands_is_said(client, cast, recording) -> None:
    segment = make_segment(recording, 0, 900, text="血壓")
    segment_claim(user=cast.reviewer, segment=segment)
    client.force_login(cast.annotator)
    page = client.get(f"/recordings/{recording.uuid}/transcript/").content.decode()
    assert "in other hands" in page


def test_a_line_is_confirmed_without_taking_another_segment_in_hand(client, cast, recording) -> None:
    first, second = (make_segment(recording, 1000 * i, 1000 * i + 900, text="血壓") for i in range(2))
    client.force_login(cast.annotator)
    answer = client.post(
        f"/correct/{first.uuid}/submit/",
        {"text": "血壓 高", "version": 0, "active_edit_ms": 3, "stay": True},
        content_type="application/json",
    )
    assert answer.json() == {"version": 1, "text": "血壓高", "next": None}  # as it was stored
    assert Label.objects.get().segment == first
    second.refresh_from_db()
    assert second.status == SegmentStatus.OPEN
