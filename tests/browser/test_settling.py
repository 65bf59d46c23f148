"""A reviewer settles a dispute in Chromium: by keys, by clicks, and with a hand-written word."""

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Role
from annotation.models import Label, Reading, Verdict
from tests.factories import make_label, make_recording, make_segment, make_site, make_user

FIRST, SECOND = "病人頭痛服用Metformin三天", "病人頭通服用morphine三天"


@pytest.fixture
def dispute(transactional_db):
    site = make_site()
    segment = make_segment(make_recording(site, audio=True, duration_ms=3000), text="病人頭同三天")
    label = make_label(segment, FIRST, author=make_user(Role.EXPERT, site=site))
    return Reading.objects.create(
        segment=segment,
        site=site,
        purpose="double",
        label=label,
        hypothesis=label.hypothesis,
        status="done",
        reader=make_user(Role.EXPERT, site=site),
        text=SECOND,
        errors=9,
        length=18,
        verdict=Verdict.DISPUTED,
    )


@pytest.fixture
def page(dispute, page_of) -> Page:
    page = page_of(make_user(Role.REVIEWER, site=dispute.site))
    page.goto("/review/")
    page.get_by_role("link", name="Settle the oldest").click()
    page.locator("[data-module][data-mounted]:not([hidden])").wait_for()
    return page


def side_of(page: Page, text: str) -> int:
    """0 or 1: the lot decides on which side a text stands."""
    return 0 if page.locator("[data-place]").first.locator("button").first.inner_text() == text else 1


def test_every_place_is_decided_by_key_and_the_result_is_saved(page: Page, dispute: Reading) -> None:
    expect(page.locator("[data-left]")).to_have_text("2 places left")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-spoken]")).to_contain_text("Take a side at every place")
    first = side_of(page, "痛")
    page.keyboard.press(f"Alt+{1 + first}")
    expect(page.locator("[data-left]")).to_have_text("1 place left")
    page.keyboard.press(f"Alt+{2 - first}")
    expect(page.locator("#text")).to_have_value("病人頭痛服用morphine三天")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Nothing is waiting for review.")).to_be_visible()
    assert Label.objects.get(version=2).text == "病人頭痛服用 morphine 三天".replace(" ", "")


def test_what_is_written_by_hand_stays_when_a_side_is_taken(page: Page, dispute: Reading) -> None:
    page.locator("#text").focus()
    page.keyboard.press("End")
    page.keyboard.insert_text("了")
    second = page.locator("[data-place]").nth(1).get_by_role("button", name="morphine")
    second.click()
    expect(second).to_have_attribute("aria-pressed", "true")
    value = page.locator("#text").input_value()
    assert value.endswith("服用morphine三天了")
    page.get_by_role("button", name="Save the result").click()
    expect(page.get_by_text("Nothing is waiting for review.")).to_be_visible()
    assert Label.objects.get(version=2).text == value
