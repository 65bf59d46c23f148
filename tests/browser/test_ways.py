"""The ways of working, other words for a word, and a word put right everywhere: in Chromium, with keys."""

import pytest
from playwright.sync_api import expect

from annotation.models import Label, WordFix
from tests.browser.editing import (
    DRAFT,
    PLAYING,
    make_draft,
    open_next,
    spoken,
    text_of,
    wait_for_silence,
)
from tests.factories import make_hypothesis, make_recording

SELECTED = "text.value.slice(text.selectionStart, text.selectionEnd)"


@pytest.fixture
def recording(site):
    return make_recording(site, audio=True, duration_ms=24_000)


def test_a_good_draft_is_heard_through_before_it_is_confirmed(page_of, expert, recording):
    make_draft(recording, expected_errors=0.1, expected_seconds=5, priority=9)
    make_draft(recording, 8000, text="下一個", words=["下", "一", "個"], priority=8)
    page = open_next(page_of(expert))
    expect(page.locator(".mode")).to_contain_text("Listen and confirm")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")
    expect(spoken(page)).to_contain_text("Hear it once through")
    assert not Label.objects.exists()
    expect(page.locator("button[data-action='toggle']")).to_contain_text("Pause")
    wait_for_silence(page)  # the key has played what was missing
    page.keyboard.press("Control+Enter")
    expect(page.locator("#text")).to_have_value("下一個")
    label = Label.objects.get()
    assert (label.text, label.mode, label.origin) == (DRAFT, "confirm", "accepted")


def test_a_poor_draft_is_typed_anew_beside_it(page_of, expert, recording):
    poor = {"expected_errors": 9.0, "expected_seconds": 20}
    make_draft(recording, priority=9, **poor)
    make_draft(recording, 8000, priority=8, **poor)
    page = open_next(page_of(expert))
    assert text_of(page) == ""
    expect(page.locator("[data-hint]")).to_have_text(DRAFT)
    expect(page.locator("[data-doubts]")).to_be_hidden()
    page.keyboard.type("Metformin")
    expect(page.locator("[data-saved]")).to_contain_text("Saved")
    page.reload()
    page.wait_for_selector("[data-mounted]:not([hidden])")
    assert text_of(page) == "Metformin"
    expect(page.locator("[data-hint]")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#text")).to_have_value("")  # the second opens empty too
    page.wait_for_function(PLAYING)
    page.keyboard.press("Alt+KeyO")
    assert text_of(page) == DRAFT
    expect(page.locator("[data-hint]")).to_be_hidden()
    expect(page.locator("[data-doubts]")).to_be_visible()
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/correct/")
    labels = Label.objects.order_by("pk").values_list("text", "mode")
    assert list(labels) == [("Metformin", "retype"), (DRAFT, "edit")]
    assert [label.origin for label in Label.objects.order_by("pk")] == ["typed", "accepted"]


def test_another_word_is_one_key_and_one_step_back(page_of, expert, recording):
    segment = make_draft(recording)
    make_hypothesis(segment, "服用 Metformin 一百毫克", current=False, model_ref="/models/big")
    page = open_next(page_of(expert))
    first = page.locator(".alternative").first
    page.keyboard.press("Alt+ArrowDown")  # "met", doubtful
    expect(first).to_contain_text("Metformin")
    expect(first).to_have_attribute("title", "heard so by another model: big")
    page.keyboard.press("Alt+Digit1")
    assert text_of(page) == "服用 Metformin 五百毫克"
    page.keyboard.press("Control+KeyZ")
    assert text_of(page) == DRAFT
    page.keyboard.press("Alt+Digit5")  # there is no fifth
    assert text_of(page) == DRAFT
    page.evaluate("text.setSelectionRange(15, 15)")
    expect(first).to_contain_text("一")
    first.click()
    assert text_of(page) == "服用 met forming 一百毫克"
    page.evaluate("text.setSelectionRange(0, 0)")
    expect(page.locator("[data-alternatives] [data-none]")).to_be_visible()


def test_a_corrected_word_is_put_right_in_the_other_drafts(page_of, expert, recording):
    make_draft(recording, priority=9)
    others = [
        make_draft(recording, 8000 * at, text=text, words=list(text), priority=9 - at)
        for at, text in ((1, "改吃 met forming"), (2, "停用 met forming 了"))
    ]
    page = open_next(page_of(expert))
    page.evaluate("text.setSelectionRange(3, 14)")
    page.keyboard.type("Metformin")
    line = page.locator("[data-fix-line]")
    expect(line).to_have_text("“met forming” → “Metformin”: 2 more open drafts say “met forming”.")
    page.keyboard.press("Alt+KeyA")
    dialog = page.locator("dialog.fix-dialog")
    expect(dialog.locator("li")).to_have_count(2)
    expect(dialog.locator("li").first).to_contain_text("改吃 met forming")
    expect(dialog).to_contain_text("5000 segments")
    dialog.locator("li input").nth(1).uncheck()
    dialog.get_by_role("button", name="Put right in 1 segments").click()
    expect(dialog).to_have_count(0)
    expect(line).to_have_text("“met forming” is now “Metformin” in 1 more segment.")
    assert list(WordFix.objects.get().segments.all()) == [others[0]]
    page.keyboard.press("Control+Enter")
    expect(page.locator("#text")).to_have_value("改吃 Metformin")
    expect(page.locator("span[data-fixed]")).to_have_text("met forming → Metformin")
    page.wait_for_function(PLAYING)
    page.goto("/fixes/")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("taken back", exact=True)).to_be_visible()
    page.goto(f"/correct/{others[0].uuid}/")
    expect(page.locator("#text")).to_have_value("改吃 met forming")


def test_a_fix_is_taken_back_on_the_spot_and_one_character_is_not_ticked(page_of, expert, recording):
    make_draft(recording, priority=9)
    make_draft(recording, 8000, text="五百", words=["五", "百"], priority=8)
    page = open_next(page_of(expert))
    page.evaluate("text.setSelectionRange(15, 16)")
    assert page.evaluate(SELECTED) == "五"
    page.keyboard.press("Alt+KeyA")
    dialog = page.locator("dialog.fix-dialog")
    expect(dialog.locator("[data-fix=right]")).to_be_focused()
    expect(dialog.locator("[data-fix=risky]")).to_be_visible()
    expect(dialog.locator("li input")).not_to_be_checked()
    page.keyboard.type("六")
    dialog.locator("li input").check()
    dialog.locator("[data-fix=apply]").click()
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator("[data-fix-line]")).to_contain_text("Taken back")
    assert WordFix.objects.get().undone_at is not None
    assert text_of(page) == DRAFT
    expect(page.locator("#text")).to_be_focused()
