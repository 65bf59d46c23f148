"""Hearing again, undo, reasons and one's own keys: by keyboard, in Chromium."""

import pytest
from playwright.sync_api import Page, expect

from annotation.models import PersonalKeys
from tests.browser.editing import (
    DRAFT,
    NOW_MS,
    PLAYING,
    compose,
    make_draft,
    open_next,
    playing,
    spoken,
    text_of,
    wait_for_silence,
)
from tests.factories import make_hypothesis, make_recording

SELECTED = "text.value.slice(text.selectionStart, text.selectionEnd)"


@pytest.fixture
def recording(site):
    return make_recording(site, audio=True, duration_ms=24_000)


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
    page.wait_for_timeout(100)  # as any hand does: wavesurfer takes no click right after a drag
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
    expect(page.locator(".earlier")).not_to_have_attribute("open", "")
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
