"""The next segment is there before it is asked for; and what a closed page held comes back."""

import re

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Role
from annotation.models import Segment, SegmentStatus
from benchmarks.correction import BAR_MS, WATCH
from tests.factories import make_hypothesis, make_recording, make_segment, make_user

SEGMENTS = 8


@pytest.fixture
def segments(site):
    recording = make_recording(site, audio=True, duration_ms=1500 * SEGMENTS)
    return [
        make_segment(recording, 1500 * at, 1500 * (at + 1), text=f"第{at}句", priority=99 - at)
        for at in range(SEGMENTS)
    ]


def open_next(page: Page) -> list[str]:
    """-> the addresses of pages that the browser asks for from now on; the next three are here already."""
    with page.expect_response(re.compile("/correct/ahead/")):
        page.goto("/correct/")
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


def confirm(page: Page, following: str) -> None:
    page.wait_for_selector("[data-mounted]:not([hidden])")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#text")).to_have_value(following)


def test_a_submit_shows_the_next_segment_without_asking_for_its_page(page_of, expert, segments):
    page = page_of(expert)
    asked = open_next(page)
    page.evaluate(WATCH)
    page.locator("#text").fill("改好的第0句")
    for at in range(1, 4):
        confirm(page, f"第{at}句")
        page.wait_for_function("(n) => shown.length >= n", arg=at)
        page.wait_for_timeout(700)  # one looks at it: meanwhile the one after the next is fetched
        if at == 1:  # the page was fetched before this was written
            expect(page.locator("[data-neighbour=previous]")).to_contain_text("改好的第0句")
    assert not [url for url in asked if re.search(r"/correct/[0-9a-f-]{36}/$", url)]
    assert page.url.endswith(f"/correct/{segments[3].uuid}/")
    print(
        f"\nnext segment seen after {[round(ms) for ms in page.evaluate('shown')]} ms (bar {BAR_MS:.0f} ms)"
    )
    held = Segment.objects.get(status=SegmentStatus.CLAIMED)
    assert (held, held.claimed_by) == (segments[3], expert)


def test_a_page_that_was_fetched_too_early_is_not_shown(page_of, expert, segments):
    page = page_of(expert)
    open_next(page)
    make_hypothesis(segments[1], "新的草稿")  # a better model has heard it since
    confirm(page, "新的草稿")


def test_nothing_is_shown_of_a_segment_that_somebody_else_was_given(page_of, site, expert, segments):
    page = page_of(expert)
    open_next(page)
    other = make_user(Role.EXPERT, site=site)
    Segment.objects.filter(pk=segments[1].pk).update(status=SegmentStatus.CLAIMED, claimed_by=other)
    confirm(page, "第2句")


def test_a_closed_page_gives_its_segment_back_and_a_reload_keeps_it(page_of, expert, segments):
    page = page_of(expert)
    open_next(page)
    lease = Segment.objects.get(pk=segments[0].pk).lease_expires_at
    page.reload()
    page.wait_for_selector("[data-mounted]:not([hidden])")
    page.wait_for_load_state("networkidle")
    assert Segment.objects.get(pk=segments[0].pk).lease_expires_at > lease  # held on to
    page.goto("/recordings/")
    for _ in range(50):  # it is sent while the page goes; nobody hears of the answer
        if Segment.objects.get(pk=segments[0].pk).lease_expires_at < lease:
            break
        page.wait_for_timeout(200)
    assert Segment.objects.get(pk=segments[0].pk).lease_expires_at < lease
    assert not Segment.objects.exclude(reserved_for=None).exists()
