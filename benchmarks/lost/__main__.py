"""200 edits in Chromium while tabs, browser, network and server are killed at random points.

Afterwards the drafts and labels on the server are compared with what was typed, letter by letter.
Run: `python -m benchmarks.lost [--quick] [--edits 200] [--seeds 3]`
"""

import argparse
import os
import random
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from playwright.sync_api import sync_playwright

from benchmarks.database import scratch_database
from benchmarks.figures import Figure, emit
from benchmarks.lost.chaos import ACCIDENTS, Chaos, Tally
from benchmarks.lost.journal import journal_figures
from benchmarks.lost.person import Person
from benchmarks.lost.servers import Line, Server

COMMAND = "python -m benchmarks.lost"
EDITS_PER_SEGMENT = 20
HEARD = "病人目前服用 met forming 五百毫克 每日兩次"
PASSWORD = "password"
PATIENCE_S = 90


def fill(segments: int, seed: int) -> tuple[str, list[UUID]]:
    """A site of its own with one expert and what there is to correct -> username, segments."""
    from accounts.models import Membership, Role, Site, User
    from annotation.models import Hypothesis, Recording, RecordingStatus, Segment, SegmentStatus

    site = Site.objects.create(name=f"bench {seed}", slug=f"bench-{seed}")
    for name in ("typist", "colleague"):
        user = User.objects.create_user(username=f"{name}-{seed}", password=PASSWORD)
        Membership.objects.create(user=user, site=site, role=Role.EXPERT)
    recording = Recording.objects.create(
        site=site, title="bench", original_sha256=f"{seed:064}", status=RecordingStatus.DRAFTED
    )
    uuids = []
    for index in range(segments):
        segment = Segment.objects.create(
            recording=recording,
            site=site,
            index=index,
            start_ms=4000 * index,
            end_ms=4000 * index + 3500,
            status=SegmentStatus.OPEN,
        )
        segment.hypothesis = Hypothesis.objects.create(
            segment=segment,
            text=HEARD,
            words=[],
            tokens=[],
            avg_logprob=-0.1,
            no_speech_prob=0.0,
            compression_ratio=1.0,
            language="zh",
            model_ref="bench",
            normaliser_version="bench",
        )
        segment.save(update_fields=["hypothesis"])
        uuids.append(segment.uuid)
    return f"typist-{seed}", uuids


def colleague_saves(uuid: UUID, seed: int) -> str:
    """Somebody else was quicker, with a lease that had run out -> their text."""
    from accounts.models import User
    from annotation.models import Segment, SegmentStatus
    from annotation.services.labels import label_submit

    Segment.objects.filter(uuid=uuid).update(status=SegmentStatus.OPEN, claimed_by=None)
    user = User.objects.get(username=f"colleague-{seed}")
    segment = Segment.objects.select_related("recording__site", "hypothesis").get(uuid=uuid)
    text = HEARD.replace("met forming", "Metformin")
    return label_submit(user=user, segment=segment, text=text, version=0, active_edit_ms=0).text


def draft_on_the_server(person: Person, uuid: UUID, username: str, typed: str) -> str:
    """Once it is what was typed, or when patience is over. The page is not asked: one that was opened after
    an accident says nothing of what the server had before."""
    from annotation.models import Draft

    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        draft = Draft.objects.filter(segment__uuid=uuid, author__username=username).first()
        found = draft.text if draft else HEARD
        if found == typed or time.monotonic() > deadline_s:
            return found
        person.page.wait_for_timeout(200)


def confirm(chaos: Chaos, uuid: UUID, typed: str, username: str, seed: int, rng: random.Random) -> None:
    """The text is on the server as a draft, letter by letter; then it becomes a version, whatever happens."""
    from annotation.models import Label
    from speech.text import prepare_label

    person = chaos.person
    chaos.tally.compare(typed, draft_on_the_server(person, uuid, username, typed))
    expected = [colleague_saves(uuid, seed)] if rng.random() < 0.3 else []
    if rng.random() < 0.4:
        chaos.line.swallow(1)
    person.confirm()
    if expected:  # a conflict: mine everywhere, then confirmed again
        # An answer that comes late finds somebody who may be typing: it waits until they look.
        compare = person.page.locator("[data-conflict-notice] button")
        compare.or_(person.page.locator("[data-decide=mine]")).filter(visible=True).first.wait_for()
        if compare.is_visible():
            compare.click()
        person.page.click("[data-decide=mine]")
        person.page.click("[data-decide=take]")
        typed = person.text()
        person.confirm()
    expected.append(prepare_label(typed))
    deadline_s = time.monotonic() + PATIENCE_S
    while Label.objects.filter(segment__uuid=uuid).count() < len(expected) and time.monotonic() < deadline_s:
        person.page.wait_for_timeout(200)
    person.page.wait_for_timeout(500)  # a second label would come now
    chaos.line.swallow(0)
    labels = list(Label.objects.filter(segment__uuid=uuid).order_by("version").values_list("text", flat=True))
    chaos.tally.overwritten_versions += labels != expected


def run(edits: int, seed: int, must: tuple[str, ...]) -> Tally:
    rng = random.Random(seed)
    rounds = max(1, edits // EDITS_PER_SEGMENT)
    username, uuids = fill(rounds, seed)
    server = Server()
    server.start()
    line = Line(server.port)
    try:
        with (
            sync_playwright() as playwright,
            tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        ):
            person = Person(playwright, Path(folder), line.address, username, PASSWORD)
            chaos = Chaos(person, server, line, rng)
            for at, uuid in enumerate(uuids):
                typed = chaos.correct(uuid, HEARD, edits // rounds, must[at::rounds])
                confirm(chaos, uuid, typed, username, seed, rng)
            with suppress(Exception):
                person.context.close()
    finally:
        server.kill()
    return chaos.tally


def main(edits: int, seeds: int, with_journal: bool) -> None:
    # Playwright's loop runs in this thread; the ORM is used beside it, never inside a page's callback.
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with scratch_database():
        tallies = [run(edits, seed, tuple(ACCIDENTS)) for seed in range(1, seeds + 1)]
        emit(Figure("lost", "edits", sum(tally.edits for tally in tallies), "edits", COMMAND))
        for name in ("characters_lost", "characters_changed", "overwritten_versions"):
            value = sum(getattr(tally, name) for tally in tallies)
            unit = name.split("_")[1] if name.startswith("over") else "characters"
            emit(Figure("lost", name, value, unit, COMMAND, bar=0, holds=value == 0))
        accidents = sum((tally.accidents for tally in tallies), Counter())
        for name, count in sorted(accidents.items()):
            emit(Figure("lost", f"accidents: {name}", count, "times", COMMAND))
        if with_journal:
            for figure in journal_figures(COMMAND):
                emit(figure)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--edits", type=int)
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--no-journal", action="store_true", help="without the cost of one change")
    given = parser.parse_known_args()[0]
    edits, seeds = (40, 1) if given.quick else (200, 3)
    main(given.edits or edits, given.seeds or seeds, not given.no_journal)
