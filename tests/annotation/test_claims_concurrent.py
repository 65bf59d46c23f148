"""Many people at once, with real threads and connections: no segment is served twice, none is lost.

Runs on whatever DATABASE_URL names; the `postgres` marker says where only PostgreSQL shows the race.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection, connections
from django.utils import timezone

from accounts.models import Role, User
from annotation.models import Label, Segment, SegmentStatus
from annotation.services.labels import label_submit
from annotation.services.queue import segment_claim, segment_claim_next, segment_skip
from annotation.services.recordings import recording_ingest
from base.errors import Conflict
from tests.annotation.sounds import files_under, write_sound
from tests.factories import make_recording, make_segment, make_site, make_user

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("asked"),
]
PEOPLE = 8
EACH = 5


@pytest.fixture
def people(settings) -> list[User]:
    settings.AUSCULT_DOUBLE_SHARE = settings.AUSCULT_GOLD_SHARE = 0.0  # no segment is to come twice
    site = make_site()
    return [make_user(Role.EXPERT, site=site) for _ in range(PEOPLE)]


def at_once(acts: list[Callable[[], object]]) -> list[object]:
    """Runs all of them from one start, each in its own thread and connection -> results or exceptions."""
    start = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        try:
            start.wait(10)
            return act()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def fill(people: list[User], **fields: object) -> list[Segment]:
    recording = make_recording(people[0].memberships.get().site)
    return [
        make_segment(recording, text="草稿", priority=number % 7, **fields) for number in range(PEOPLE * EACH)
    ]


def work_through(user: User) -> list[int]:
    """Claims and submits until nothing is left."""
    served = []
    while (segment := segment_claim_next(user=user)) is not None:
        served.append(segment.pk)
        label_submit(user=user, segment=segment, text="改正", version=segment.version, active_edit_ms=0)
    return served


def all_served_once(results: list[object], segments: list[Segment]) -> None:
    served = [pk for result in results for pk in result]  # type: ignore[attr-defined]
    assert sorted(served) == sorted(segment.pk for segment in segments)
    assert Label.objects.count() == len(segments)
    assert set(Segment.objects.values_list("status", "version")) == {(SegmentStatus.DONE, 1)}


def test_no_segment_is_served_twice(people: list[User]) -> None:
    segments = fill(people)
    results = at_once([lambda user=user: work_through(user) for user in people])
    all_served_once(results, segments)


def test_a_lease_that_ran_out_is_taken_by_one(people: list[User]) -> None:
    gone = make_user(Role.EXPERT, site=people[0].memberships.get().site)
    long_ago = timezone.now() - timedelta(hours=1)
    segments = fill(people, status=SegmentStatus.CLAIMED, claimed_by=gone, lease_expires_at=long_ago)
    results = at_once([lambda user=user: work_through(user) for user in people])
    all_served_once(results, segments)


def test_one_segment_that_everybody_wants_goes_to_one(people: list[User]) -> None:
    segment = fill(people)[0]
    results = at_once([lambda user=user: segment_claim(user=user, segment=segment) for user in people])
    assert sum(isinstance(result, Segment) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == PEOPLE - 1


def test_of_many_submits_on_one_version_one_is_kept(people: list[User]) -> None:
    segment = make_segment(make_recording(people[0].memberships.get().site), text="草稿")
    results = at_once(
        [
            lambda user=user: label_submit(
                user=user, segment=segment, text=f"{user.pk} 寫的", version=0, active_edit_ms=0
            )
            for user in people
        ]
    )
    kept = [result for result in results if isinstance(result, Label)]
    conflicts = [result for result in results if isinstance(result, Conflict)]
    assert (len(kept), len(conflicts)) == (1, PEOPLE - 1)
    assert {conflict.detail["theirs"] for conflict in conflicts} == {kept[0].text}


def test_one_person_with_many_tabs_gets_one_segment(people: list[User]) -> None:
    fill(people)
    results = at_once([lambda: segment_claim_next(user=people[0])] * PEOPLE)
    held = Segment.objects.filter(claimed_by=people[0]).count()
    assert all(isinstance(result, Segment) for result in results)
    assert held == 1


def test_skipping_while_others_claim_loses_nothing(people: list[User]) -> None:
    segments = fill(people)

    def skip_some(user: User) -> list[int]:
        for _ in range(3):
            segment = segment_claim_next(user=user)
            if segment is not None:
                segment_skip(user=user, segment=segment)
        return work_through(user)

    results = at_once([lambda user=user: skip_some(user) for user in people])
    left = Segment.objects.filter(status=SegmentStatus.OPEN).count()
    assert sum(len(result) for result in results) + left == len(segments)  # type: ignore[arg-type]


def test_one_file_brought_in_many_times_at_once_is_kept_once(people: list[User], tmp_path, settings) -> None:
    path = write_sound(tmp_path / "a.wav")
    site = people[0].memberships.get().site
    results = at_once(
        [
            lambda n=n: recording_ingest(site=site, path=path, filename=f"a.{'wav' if n % 2 else 'wave'}")
            for n in range(PEOPLE)
        ]
    )
    assert sum(isinstance(result, Conflict) for result in results) == PEOPLE - 1
    assert len(files_under(settings.DATA_DIR)) == 1


@pytest.mark.postgres
def test_a_row_that_another_transaction_holds_is_passed_over(people: list[User]) -> None:
    """PostgreSQL only: SQLite has one writer at a time, so there is nothing to pass over."""
    if connection.vendor != "postgresql":
        pytest.skip("DATABASE_URL names no PostgreSQL")
    fill(people)
    start, locked = Barrier(2), Barrier(2)

    def hold() -> int:
        from django.db import transaction

        with transaction.atomic():
            best = Segment.objects.select_for_update().order_by("-priority", "id").first()
            locked.wait(10)
            start.wait(10)
            return best.pk

    def claim() -> int:
        locked.wait(10)
        taken = segment_claim_next(user=people[0])
        start.wait(10)
        return taken.pk

    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(_closing(act)) for act in (hold, claim)]
        held_pk, taken_pk = (future.result(30) for future in futures)
    assert held_pk != taken_pk


def _closing(act: Callable[[], int]) -> Callable[[], int]:
    def run() -> int:
        try:
            return act()
        finally:
            connections.close_all()

    return run
