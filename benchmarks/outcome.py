"""How long the outcome page takes with many labels.

Ten experts at one site, twelve weeks, 5 % drawn by lot, 5 % read a second time. As a reviewer gets it.
Run: `python -m benchmarks.outcome [--quick]`
"""

import argparse
import random
import time
from datetime import timedelta

from benchmarks.database import scratch_database
from benchmarks.figures import Figure, emit

BAR_MS = 1500.0
EXPERTS = 10
LOT = [{"code": "random_sample"}]
RANKED = [{"code": "likely_errors", "count": 3}, {"code": "mixed_language"}]
TEXT = "病人目前服用 Metformin 五百毫克每日兩次"


def fill(count: int):  # type: ignore[no-untyped-def]
    """-> a reviewer of the site where `count` labels are."""
    from django.utils import timezone

    from accounts.models import Membership, Role, Site, User
    from annotation.models import Label, Reading, Recording, Segment, SegmentStatus

    site = Site.objects.create(name="bench", slug="bench")
    users = [User.objects.create(username=f"expert-{number}") for number in range(EXPERTS)]
    for user in users:
        Membership.objects.create(user=user, site=site, role=Role.EXPERT)
    reviewer = User.objects.create(username="reviewer")
    Membership.objects.create(user=reviewer, site=site, role=Role.REVIEWER)
    recording = Recording.objects.create(site=site, title="bench", original_sha256="0" * 64)
    rng = random.Random(0)
    segments = Segment.objects.bulk_create(
        [
            Segment(
                recording=recording,
                site=site,
                index=index,
                start_ms=4000 * index,
                end_ms=4000 * index + 3500,
                status=SegmentStatus.DONE,
                version=1,
                reasons=LOT if rng.random() < 0.05 else RANKED,
            )
            for index in range(count)
        ],
        batch_size=2000,
    )
    labels = Label.objects.bulk_create(
        [
            Label(
                segment=segment,
                version=1,
                text=TEXT,
                author=rng.choice(users),
                active_edit_ms=rng.randint(3000, 30_000),
                errors_removed=rng.randint(0, 6),
            )
            for segment in segments
        ],
        batch_size=2000,
    )
    now = timezone.now()
    for label in labels:
        label.created_at = now - timedelta(hours=rng.randint(0, 12 * 7 * 24 - 1))
    Label.objects.bulk_update(labels, ["created_at"], batch_size=2000)
    Reading.objects.bulk_create(
        [
            Reading(
                segment=label.segment,
                site=site,
                purpose="double",
                label=label,
                status="done",
                reader=rng.choice(users),
                done_at=label.created_at,
                errors=rng.randint(0, 2),
                length=18,
                truth_length=18,
                draft_errors=rng.randint(0, 6),
                text_errors=rng.randint(0, 1),
            )
            for label in labels
            if rng.random() < 0.05
        ],
        batch_size=2000,
    )
    return reviewer


def main(count: int) -> None:
    with scratch_database():
        reviewer = fill(count)
        from django.test import Client

        client = Client()
        client.force_login(reviewer)
        for name, address in (("page", "/outcome/"), ("csv", "/outcome.csv")):
            spent = []
            for _ in range(5):
                started = time.perf_counter()
                answer = client.get(address, headers={"host": "localhost"})
                spent.append(1000 * (time.perf_counter() - started))
                assert answer.status_code == 200
            value = round(sorted(spent)[2], 1)
            figure = f"outcome_{name}_at_{count}_labels_p50"
            command = "python -m benchmarks.outcome"
            emit(Figure("outcome", figure, value, "ms", command, bar=BAR_MS, holds=value <= BAR_MS))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10,000 labels in place of 100,000")
    main(10_000 if parser.parse_args().quick else 100_000)
