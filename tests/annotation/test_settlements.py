"""A reviewer settles disputes and doubts: a new version by the reviewer, and both texts stay."""

import json
import re

import pytest
from django.urls import reverse

from accounts.models import Role
from annotation.models import (
    DoubtState,
    Label,
    LabelDoubt,
    LabelStatus,
    Reading,
    ReadingPurpose,
    ReadingStatus,
    Segment,
    SegmentStatus,
    Verdict,
)
from annotation.selectors.review import disputes_for_user, doubts_for_user, sides_of
from annotation.services.settlements import (
    dispute_set_aside,
    dispute_settle,
    doubt_ask,
    doubt_correct,
    doubt_keep,
)
from base.errors import Conflict, Forbidden
from tests.factories import Cast, make_hypothesis, make_label, make_recording, make_segment, make_user

pytestmark = pytest.mark.django_db
FIRST, SECOND, THIRD = "病人頭痛三天", "病人頭通三天", "病人頭痛三天了"


@pytest.fixture
def label(cast: Cast) -> Label:
    segment = make_segment(make_recording(cast.site, audio=True), text="病人頭同三天")
    return make_label(segment, FIRST, author=cast.annotator)


@pytest.fixture
def dispute(cast: Cast, label: Label) -> Reading:
    return Reading.objects.create(
        segment=label.segment,
        site=cast.site,
        purpose=ReadingPurpose.DOUBLE,
        label=label,
        hypothesis=label.hypothesis,
        status=ReadingStatus.DONE,
        reader=make_user(Role.EXPERT, Role.REVIEWER, site=cast.site),
        text=SECOND,
        errors=1,
        length=6,
        verdict=Verdict.DISPUTED,
    )


@pytest.fixture
def doubt(cast: Cast, label: Label) -> LabelDoubt:
    heard = make_hypothesis(label.segment, SECOND, current=False, model_ref="fake:newer")
    return LabelDoubt.objects.create(
        label=label,
        site=cast.site,
        hypothesis=heard,
        model_ref="fake:newer",
        score=0.9,
        state=DoubtState.OPEN,
    )


def settle(user, dispute: Reading, text: str = THIRD, version: int = 1) -> Label:
    return dispute_settle(user=user, reading=dispute, text=text, version=version, active_edit_ms=500)


def test_the_result_is_a_new_version_and_both_texts_stay(cast: Cast, dispute: Reading, settings) -> None:
    settings.AUSCULT_REVIEW_REQUIRED = True
    label = settle(cast.reviewer, dispute)
    assert (label.version, label.text, label.author) == (2, THIRD, cast.reviewer)
    assert label.status == LabelStatus.APPROVED
    dispute.refresh_from_db()
    assert (dispute.text, dispute.label.text) == (SECOND, FIRST)
    assert (dispute.verdict, dispute.settled_by, dispute.settled_label) == (
        Verdict.SETTLED,
        cast.reviewer,
        label,
    )
    # Now it is known what was said: seven characters, two of them wrong in the draft, one in the label.
    assert (dispute.truth_length, dispute.draft_errors, dispute.text_errors) == (7, 2, 1)


def test_nobody_settles_what_they_wrote(cast: Cast, dispute: Reading) -> None:
    assert list(disputes_for_user(cast.reviewer)) == [dispute]
    assert not disputes_for_user(dispute.reader).exists()
    for user in (dispute.reader, cast.annotator, cast.engineer, cast.outsider):
        with pytest.raises(Forbidden):
            settle(user, dispute)
    Label.objects.update(author=cast.reviewer)
    dispute.label.refresh_from_db()
    with pytest.raises(Forbidden):
        settle(cast.reviewer, dispute)


def test_it_is_settled_once_and_never_over_a_newer_version(cast: Cast, dispute: Reading) -> None:
    with pytest.raises(Conflict) as refusal:
        settle(cast.reviewer, dispute, version=0)
    assert refusal.value.code == "stale_version"
    dispute.refresh_from_db()
    assert dispute.verdict == Verdict.DISPUTED
    settle(cast.reviewer, dispute)
    other = make_user(Role.REVIEWER, site=cast.site)
    with pytest.raises(Conflict) as refusal:
        settle(other, dispute, version=2)
    assert refusal.value.code == "already_decided"


def test_an_overtaken_dispute_waits_for_nobody(cast: Cast, dispute: Reading) -> None:
    make_label(dispute.segment, THIRD, author=cast.annotator)
    assert not disputes_for_user(cast.reviewer).exists()


def test_a_reviewer_may_find_that_nobody_can_use_it(cast: Cast, dispute: Reading) -> None:
    dispute_set_aside(user=cast.reviewer, reading=dispute, reason="no_speech")
    segment = Segment.objects.get(pk=dispute.segment_id)
    assert (segment.status, segment.unusable_reason) == (SegmentStatus.UNUSABLE, "no_speech")
    assert not disputes_for_user(cast.reviewer).exists()


def test_the_order_of_the_sides_is_drawn_by_lot(cast: Cast, dispute: Reading) -> None:
    orders = set()
    for _ in range(20):
        dispute.uuid = Reading._meta.get_field("uuid").get_default()
        orders.add((sides_of(dispute).left, sides_of(dispute).right))
    assert orders == {(FIRST, SECOND), (SECOND, FIRST)}
    assert sides_of(dispute) == sides_of(dispute)


def test_a_kept_label_stays_as_it_is(cast: Cast, doubt: LabelDoubt) -> None:
    doubt_keep(user=cast.reviewer, doubt=doubt)
    doubt.refresh_from_db()
    assert (doubt.state, doubt.decided_by) == (DoubtState.KEPT, cast.reviewer)
    assert Label.objects.count() == 1
    with pytest.raises(Conflict):
        doubt_keep(user=cast.reviewer, doubt=doubt)


def test_a_corrected_one_gets_a_new_version_and_the_same_text_keeps_it(cast: Cast, doubt: LabelDoubt) -> None:
    spent = {"version": 1, "active_edit_ms": 0}
    label = doubt_correct(user=cast.reviewer, doubt=doubt, text=SECOND, **spent)
    doubt.refresh_from_db()
    assert label is not None and label.version == 2
    assert (doubt.state, doubt.settled_label) == (DoubtState.CORRECTED, label)
    LabelDoubt.objects.update(state=DoubtState.OPEN)
    assert doubt_correct(user=cast.reviewer, doubt=doubt, text=f" {FIRST} ", **spent) is None
    doubt.refresh_from_db()
    assert doubt.state == DoubtState.KEPT


def test_another_reader_may_be_asked(cast: Cast, doubt: LabelDoubt) -> None:
    reading = doubt_ask(user=cast.reviewer, doubt=doubt)
    assert (reading.purpose, reading.status, reading.label) == ("doubt", "open", doubt.label)
    assert not doubts_for_user(cast.reviewer).exists()


def test_nobody_judges_a_doubt_about_their_own_label(cast: Cast, doubt: LabelDoubt) -> None:
    Label.objects.update(author=cast.reviewer)
    doubt.label.refresh_from_db()
    assert not doubts_for_user(cast.reviewer).exists()
    with pytest.raises(Forbidden):
        doubt_keep(user=cast.reviewer, doubt=doubt)


# --- by HTTP ---


def post(client, name: str, row, **body):
    return client.post(reverse(name, args=[row.uuid]), json.dumps(body), content_type="application/json")


def test_the_page_of_a_dispute_names_nobody(cast: Cast, dispute: Reading, client) -> None:
    client.force_login(cast.reviewer)
    assert reverse("dispute", args=[dispute.uuid]) in client.get(reverse("review_list")).content.decode()
    page = client.get(reverse("dispute", args=[dispute.uuid])).content.decode()
    assert cast.annotator.username not in page and dispute.reader.username not in page
    assert "痛</button>" in page and "通</button>" in page
    spent = {"version": 1, "active_edit_ms": 0}
    assert post(client, "dispute", dispute, text="", **spent).status_code == 400
    answer = post(client, "dispute", dispute, text=FIRST, **spent)
    assert answer.json() == {"next": reverse("review_list")}
    assert Label.objects.get(version=2).text == FIRST
    assert client.get(reverse("dispute", args=[dispute.uuid])).status_code == 404


def test_what_is_said_before_and_after_stands_around_it(cast: Cast, dispute: Reading, client) -> None:
    segment = dispute.segment
    make_segment(segment.recording, segment.end_ms + 100, segment.end_ms + 900, text="兩週後回診")
    client.force_login(cast.reviewer)
    page = client.get(reverse("dispute", args=[dispute.uuid])).content.decode()
    assert re.search(r"after:</span> 兩週後回診</p>", page)
    assert "before:" not in page  # it is the first


def test_doubts_are_listed_best_first_and_answered(cast: Cast, doubt: LabelDoubt, client) -> None:
    client.force_login(cast.reviewer)
    page = client.get(reverse("review_list")).content.decode()
    assert "<del>痛</del><ins>通</ins>" in page
    assert client.get(reverse("doubt", args=[doubt.uuid])).status_code == 200
    answer = client.post(reverse("doubt_answer", args=[doubt.uuid]), {"answer": "ask"})
    assert answer.url == reverse("review_list")
    assert Reading.objects.get().purpose == "doubt"


@pytest.mark.parametrize("name", ["annotator", "engineer", "clinician", "outsider"])
def test_to_everybody_else_there_is_nothing(
    cast: Cast, dispute: Reading, doubt: LabelDoubt, client, name: str
) -> None:
    client.force_login(getattr(cast, name))
    for page, row in (("dispute", dispute), ("doubt", doubt)):
        assert client.get(reverse(page, args=[row.uuid])).status_code == 404
        assert post(client, page, row, text="字", version=1, active_edit_ms=0).status_code == 404
    assert client.post(reverse("doubt_answer", args=[doubt.uuid])).status_code == 404
    assert post(client, "dispute_set_aside", dispute, reason="no_speech").status_code == 404


def test_a_dispute_is_set_aside_by_http(cast: Cast, dispute: Reading, client) -> None:
    client.force_login(cast.reviewer)
    assert post(client, "dispute_set_aside", dispute, reason="tired").status_code == 400
    assert post(client, "dispute_set_aside", dispute, reason="overlap").status_code == 200
