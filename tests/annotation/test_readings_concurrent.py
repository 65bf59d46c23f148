"""Blind readings with many people at once: each is read by one, nobody gets two, none is lost."""

import pytest

from accounts.models import Role, User
from annotation.models import GoldItem, Reading, ReadingStatus, Segment
from annotation.selectors.readings import reading_in_hand
from annotation.services import reading_lots
from annotation.services.labels import label_submit
from annotation.services.queue import segment_claim_next
from annotation.services.reading_results import reading_submit
from tests.annotation.blind import blind_claim
from tests.annotation.test_claims_concurrent import PEOPLE, at_once
from tests.factories import make_label, make_recording, make_segment, make_site, make_user

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("asked"),
]
TEXTS = 20


@pytest.fixture(autouse=True)
def every_time(monkeypatch, settings) -> None:
    monkeypatch.setattr(reading_lots, "lot", lambda key: 0.0)
    settings.AUSCULT_GOLD_SHARE = 0.0


@pytest.fixture
def people() -> list[User]:
    """Each has corrected something: nobody's first segment is a blind one."""
    site = make_site()
    users = [make_user(Role.EXPERT, site=site) for _ in range(PEOPLE)]
    recording = make_recording(site)
    for user in users:
        make_label(make_segment(recording, text="好"), author=user)
    return users


def corrected(people: list[User]) -> list[Segment]:
    """Each by somebody who takes part: nobody may be served all of them."""
    recording = make_recording(people[0].memberships.get().site)
    rows = [make_segment(recording, text="草稿") for _ in range(TEXTS)]
    for number, row in enumerate(rows):
        author = people[number % PEOPLE]
        label_submit(user=author, segment=row, text="改正", version=0, active_edit_ms=0)
    return rows


def read_all(user: User) -> list[int]:
    """Reads until nothing comes, with an ordinary correction in between, as the turn asks for."""
    read = []
    while (segment := blind_claim(user)) is not None:
        reading = reading_in_hand(user, segment)
        assert reading is not None
        reading_submit(user=user, reading=reading, text="改正", active_edit_ms=0)
        read.append(segment.pk)
        make_label(make_segment(segment.recording, text="好", index=1000 * user.pk + len(read)), author=user)
    return read


def test_each_text_is_read_by_one_who_did_not_write_it(people: list[User]) -> None:
    rows = corrected(people)
    results = at_once([lambda user=user: read_all(user) for user in people])
    served = [pk for result in results for pk in result]  # type: ignore[attr-defined]
    assert sorted(served) == sorted(row.pk for row in rows)
    done = Reading.objects.filter(status=ReadingStatus.DONE).select_related("label")
    assert done.count() == TEXTS
    assert all(reading.reader_id != reading.label.author_id for reading in done)


def test_one_person_with_many_tabs_gets_one_reading(people: list[User]) -> None:
    corrected(people)
    results = at_once([lambda: segment_claim_next(user=people[0])] * PEOPLE)
    assert len({result.pk for result in results if isinstance(result, Segment)}) == 1
    assert Reading.objects.filter(reader=people[0]).count() == 1


def test_a_gold_text_is_served_to_everybody_at_once_and_to_each_once(people: list[User], settings) -> None:
    settings.AUSCULT_DOUBLE_SHARE, settings.AUSCULT_GOLD_SHARE = 0.0, 0.1
    site = people[0].memberships.get().site
    reviewer = make_user(Role.REVIEWER, site=site)
    segment = make_segment(make_recording(site), text="草稿")
    make_label(segment, "改正", author=reviewer)
    GoldItem.objects.create(segment=segment, site=site, text="改正", declared_by=reviewer)
    results = at_once([lambda user=user: blind_claim(user) for user in people * 2])
    assert all(result == segment for result in results)
    assert Reading.objects.count() == PEOPLE
