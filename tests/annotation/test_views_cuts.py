"""Split, join and claim over HTTP: who may, what the browser gets, what a bad request says."""

import pytest

from annotation.models import Segment, SegmentStatus
from annotation.services.queue import segment_claim
from tests.factories import make_label, make_recording, make_segment

pytestmark = pytest.mark.django_db


@pytest.fixture
def segment(cast):
    recording = make_recording(cast.site, audio=True, duration_ms=9000)
    make_segment(recording, 5000, 9000, text="一百四十")
    return make_segment(recording, 0, 4000, text="病人血壓", index=7)


def post(client, segment, what, **body):
    return client.post(
        f"/correct/{segment.uuid}/{what}/", {"active_edit_ms": 5, **body}, content_type="application/json"
    )


def test_a_split_leads_to_the_left_part_and_a_join_back(client, cast, segment) -> None:
    client.force_login(cast.annotator)
    segment_claim(user=cast.annotator, segment=segment)
    parts = post(client, segment, "split", text="病人血壓", caret=2).json()["parts"]
    left = Segment.objects.get(status=SegmentStatus.CLAIMED, start_ms=0)
    assert parts[0] == f"/correct/{left.uuid}/"
    answer = post(client, left, "merge", side="next", text="病人").json()
    assert answer["caret"] == 2
    page = client.get(answer["next"])
    assert page.context["editable"].text == "病人血壓"
    assert "before the cut" in page.content.decode()


def test_the_address_of_a_segment_that_was_split_leads_to_its_first_part(client, cast, segment) -> None:
    client.force_login(cast.annotator)
    segment_claim(user=cast.annotator, segment=segment)
    parts = post(client, segment, "split", text="病人血壓", caret=2).json()["parts"]
    assert client.get(f"/correct/{segment.uuid}/").url == parts[0]


def test_a_split_without_a_place_is_refused(client, cast, segment) -> None:
    client.force_login(cast.annotator)
    answer = post(client, segment, "split", text="病人血壓")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_a_join_needs_a_side(client, cast, segment) -> None:
    client.force_login(cast.annotator)
    assert post(client, segment, "merge", side="above", text="").json()["code"] == "bad_request"


def test_strangers_find_nothing_to_cut_or_claim(client, cast, segment) -> None:
    for user in (cast.outsider, cast.engineer):
        client.force_login(user)
        for what, body in (("split", {"caret": 1}), ("merge", {"side": "next"}), ("claim", {})):
            assert post(client, segment, what, text="x", **body).status_code == 404


def test_a_claim_says_whether_there_is_a_lease_to_renew(client, cast, segment) -> None:
    client.force_login(cast.annotator)
    assert post(client, segment, "claim").json()["held"] is True
    make_label(segment, "病人血壓")
    assert post(client, segment, "claim").json() == {
        "held": False,
        "version": 1,
        "next": f"/correct/{segment.uuid}/",
    }


def test_the_neighbours_are_links_that_say_where_they_lead(client, cast, segment) -> None:
    client.force_login(cast.annotator)
    page = client.get(f"/correct/{segment.uuid}/").content.decode()
    after = Segment.objects.get(start_ms=5000)
    assert f'href="/correct/{after.uuid}/" data-neighbour="next"' in page
    assert 'data-neighbour="previous"' not in page
