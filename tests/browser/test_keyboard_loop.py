"""Hearing again, undo, one's own keys, the ways of working, other words: by keyboard, in Chromium."""

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Role
from annotation.models import Label, PersonalKeys, Segment, WordFix
from tests.browser.test_correction import PLAYING, compose, open_next, text_of
from tests.factories import make_hypothesis, make_recording, make_segment, make_site, make_user

DRAFT = "服用 met forming 五百毫克"
WORDS = ["服", "用", "met", "forming", "五", "百", "毫", "克"]
SURE = {"met": 0.2, "forming": 0.1}
NOW_MS = """() => {
    const [minutes, seconds] = document.querySelector('[data-now]').textContent.split(':');
    return 60_000 * minutes + 1000 * seconds;
}"""
SELECTED = "text.value.slice(text.selectionStart, text.selectionEnd)"


@pytest.fixture
def site(transactional_db):
    return make_site()


@pytest.fixture
def expert(site):
    return make_user(Role.EXPERT, site=site)


@pytest.fixture
def recording(site):
    return make_recording(site, audio=True, duration_ms=24_000)


def make_draft(
    recording, start_ms=0, length_ms=8000, text=DRAFT, words=WORDS, step_ms=900, **fields
) -> Segment:
    """One draft whose words follow each other without a pause."""
    segment = make_segment(recording, start_ms, start_ms + length_ms, **fields)
    rows = [
        {
            "text": word,
            "start_ms": step_ms * at,
            "end_ms": step_ms * (at + 1),
            "probability": SURE.get(word, 0.9),
        }
        for at, word in enumerate(words)
    ]
    make_hypothesis(segment, text, words=rows)
    return segment


def spoken(page: Page):
    return page.locator("[data-spoken]")


def playing(page: Page) -> bool:
    return "Pause" in page.locator("button[data-action='toggle']").text_content()


def wait_for_silence(page: Page) -> None:
    expect(page.locator("button[data-action='toggle']")).to_contain_text("Play", timeout=40_000)


def test_a_doubtful_word_is_heard_with_a_second_around_it_and_no_more(page_of, expert, recording):
    make_draft(recording)
    page = open_next(page_of(expert))
    page.keyboard.press("Alt+ArrowDown")
    assert page.evaluate(SELECTED) == "met"  # 1.8 to 2.7 s
    wait_for_silence(page)
    stopped = page.evaluate(NOW_MS)
    assert 3600 <= stopped <= 5200
    page.keyboard.press("Escape")  # from there it goes on like any sound
    page.wait_for_function(f"({NOW_MS})() > {stopped} + 300")
    assert playing(page)


def test_one_key_goes_back_and_plays_slower_and_the_rate_returns(page_of, expert, recording):
    make_draft(recording)
    page = open_next(page_of(expert))
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+KeyR")
    expect(page.locator("[data-rate]")).to_have_text("0.75×")
    wait_for_silence(page)
    expect(page.locator("[data-rate]")).to_have_text("1×")
    assert 2800 <= page.evaluate(NOW_MS) <= 4400
    assert page.evaluate("localStorage.getItem('auscult-rate')") == "1"


def test_selected_words_are_heard_again_and_again(page_of, expert, recording):
    make_draft(recording)
    page = open_next(page_of(expert))
    loop = page.locator("button[data-action='loop']")
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+KeyL")
    expect(loop).to_have_attribute("aria-pressed", "true")
    page.evaluate(f"() => {{ window.times = []; setInterval(() => times.push(({NOW_MS})()), 30); }}")
    # It has gone back to the start twice and never left the word: 1.8 to 2.7 s, 0.2 s around it.
    page.wait_for_function("times.filter((ms, i) => i && ms < times[i - 1]).length >= 2", timeout=30_000)
    times = page.evaluate("times")
    assert min(times) >= 1500 and max(times) <= 4400
    page.keyboard.press("Alt+KeyL")
    expect(loop).to_have_attribute("aria-pressed", "false")
    page.wait_for_function(f"({NOW_MS})() > 4500", timeout=30_000)


def test_a_stretch_dragged_on_the_waveform_is_a_loop(page_of, expert, recording):
    make_draft(recording)
    page = open_next(page_of(expert))
    box = page.locator("[data-waveform]").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.5, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.55, middle, steps=4)
    page.mouse.move(box["x"] + box["width"] * 0.6, middle, steps=4)
    page.mouse.up()
    expect(page.locator("button[data-action='loop']")).to_have_attribute("aria-pressed", "true")
    page.wait_for_function(f"({NOW_MS})() >= 3900")
    assert page.evaluate(NOW_MS) <= 6400
    page.mouse.click(box["x"] + box["width"] * 0.9, middle)  # elsewhere: out of the loop
    expect(page.locator("button[data-action='loop']")).to_have_attribute("aria-pressed", "false")


def test_undo_takes_back_words_of_keys_of_the_input_method_and_of_the_page(page_of, expert, recording):
    segment = make_draft(recording)
    make_hypothesis(segment, "別的", current=False)
    page = open_next(page_of(expert))
    page.keyboard.press("End")
    page.keyboard.type(" twice daily")
    compose(page, ["ㄇ", "ㄇㄟ", "每"], "每日")
    assert text_of(page) == DRAFT + " twice daily每日"
    page.keyboard.press("Control+KeyZ")
    assert text_of(page) == DRAFT + " twice daily"
    page.keyboard.press("Control+KeyZ")
    assert text_of(page) == DRAFT + " twice "
    page.keyboard.press("Control+Shift+KeyZ")
    page.keyboard.press("Control+KeyY")
    assert text_of(page) == DRAFT + " twice daily每日"
    page.get_by_text("Earlier texts").click()
    page.get_by_role("button", name="what the model heard").click()
    assert text_of(page) == DRAFT
    page.keyboard.press("Control+KeyZ")
    assert text_of(page) == DRAFT + " twice daily每日"
    for _ in range(5):
        page.keyboard.press("Control+KeyZ")
    assert text_of(page) == DRAFT
    expect(spoken(page)).to_have_text("Nothing to take back.")
    expect(page.locator("[data-saved]")).to_contain_text("Saved")  # what undo made is kept too


def test_a_reason_is_one_number(page_of, expert, recording):
    first = make_draft(recording, priority=9)
    make_draft(recording, 8000, text="下一個", words=["下", "一", "個"], priority=8)
    page = open_next(page_of(expert))
    page.keyboard.press("Alt+KeyU")
    expect(page.locator("[data-reasons] button")).to_have_count(8)
    page.keyboard.press("3")
    expect(page.locator("#text")).to_have_value("下一個")
    first.refresh_from_db()
    assert first.unusable_reason == "noise"
    page.wait_for_function(PLAYING)
    page.keyboard.press("3")  # no menu, no reason: it is typed
    assert "3" in text_of(page)


def change_key(page: Page, action: str, chord: str) -> None:
    page.locator(f"dialog tr[data-action='{action}'] button").click()
    page.keyboard.press(chord)


def test_a_person_s_own_keys_work_are_shown_and_come_along(page_of, expert, recording):
    make_draft(recording, priority=9)
    second = make_draft(recording, 8000, text="下一個", words=["下", "一", "個"], priority=8)
    page = open_next(page_of(expert))
    page.keyboard.press("Alt+Slash")
    remark = page.locator("[data-keys-remark]")
    change_key(page, "skip", "Alt+KeyL")
    expect(remark).to_contain_text("Alt+L is already: loop")
    page.keyboard.press("Control+KeyC")  # it still waits for a key
    expect(remark).to_contain_text("belongs to the browser")
    assert not PersonalKeys.objects.exists()
    page.keyboard.press("Alt+KeyJ")
    expect(remark).to_contain_text("Alt+J is now: skip")
    page.keyboard.press("Escape")
    expect(page.locator("button[data-action='skip'] kbd")).to_have_text("Alt+J")
    page.keyboard.press("Alt+KeyN")  # the old key does nothing
    page.keyboard.press("Alt+KeyJ")
    expect(page.locator("#text")).to_have_value("下一個")
    page.wait_for_function(PLAYING)

    elsewhere = page_of(expert)
    elsewhere.goto(f"/correct/{second.uuid}/")
    elsewhere.wait_for_selector("[data-mounted]:not([hidden])")
    expect(elsewhere.locator("button[data-action='skip'] kbd")).to_have_text("Alt+J")
    elsewhere.keyboard.press("Alt+Slash")
    elsewhere.get_by_role("button", name="All keys as they were").click()
    expect(elsewhere.locator("[data-keys-remark]")).to_contain_text("as they were")
    expect(elsewhere.locator("button[data-action='skip'] kbd")).to_have_text("Alt+N")
    assert PersonalKeys.objects.get().chords == {}


def test_a_good_draft_is_heard_through_before_it_is_confirmed(page_of, expert, recording):
    make_draft(recording, expected_errors=0.1, expected_seconds=5, priority=9)
    make_draft(recording, 8000, text="下一個", words=["下", "一", "個"], priority=8)
    page = open_next(page_of(expert))
    expect(page.locator(".mode")).to_contain_text("Listen and confirm")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")
    expect(spoken(page)).to_contain_text("Hear it once through")
    assert not Label.objects.exists()
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
