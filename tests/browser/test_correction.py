"""The correction page in Chromium, as an expert uses it: keyboard only, input method and all."""

import re

import pytest
from playwright.sync_api import expect

from accounts.models import Role
from annotation.models import Draft, Label, Segment, SegmentStatus
from tests.browser.editing import DRAFT, PLAYING, WORDS, compose, open_next, text_of, words_of
from tests.factories import make_hypothesis, make_label, make_recording, make_segment, make_user

# However slow the machine: the first time that is shown after a jump is where it jumped to.
WATCH = """(selector) => {
    const watched = document.querySelector(selector);
    window.seen = [];
    new MutationObserver(() => seen.push(watched.textContent)).observe(watched, {childList: true});
}"""


@pytest.fixture
def segments(site):
    """Three, in the order in which they are served; the first has two doubtful words."""
    recording = make_recording(site, audio=True, duration_ms=9000)
    rows = [
        make_segment(
            recording, 3000 * at, 3000 * (at + 1), priority=9 - at, reasons=[{"code": "noisy", "snr_db": 4}]
        )
        for at in range(3)
    ]
    make_hypothesis(rows[0], DRAFT, words=words_of(WORDS, 300))
    make_hypothesis(rows[1], "血壓一百四十")
    make_hypothesis(rows[2], "兩週後回診")
    return rows


def test_a_segment_is_corrected_with_the_keyboard_only(page_of, expert, segments):
    page = open_next(page_of(expert))
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    assert page.evaluate("text.value.slice(text.selectionStart, text.selectionEnd)") == "met"
    page.keyboard.type("Metformin")
    page.keyboard.press("Alt+ArrowDown")
    assert page.evaluate("text.value.slice(text.selectionStart, text.selectionEnd)") == "forming"
    expect(page.locator("[data-spoken]")).to_contain_text("sure to 10 %")
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    page.keyboard.press("End")
    compose(page, ["ㄇ", "ㄇㄟ", "每"], "每日")
    expect(page.locator("[data-saved]")).to_contain_text("Saved")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#text")).to_have_value("血壓一百四十")  # the next one is there, and plays
    page.wait_for_function(PLAYING)
    label = Label.objects.get()
    assert (label.segment, label.text, label.version) == (segments[0], "服用 Metformin 五百毫克每日", 1)
    assert 0 < label.active_edit_ms < 60_000
    assert page.url.endswith(f"/correct/{segments[1].uuid}/")


def test_the_sound_holds_while_one_types_and_goes_on_from_before(page_of, expert, segments):
    page = open_next(page_of(expert))
    play = page.locator("button[data-action='toggle']")
    for _ in range(3):
        page.keyboard.press("Alt+Minus")  # six seconds of sound, or a slow machine plays it to its end
    page.keyboard.press("Alt+Enter")
    expect(play).to_contain_text("Pause")
    page.evaluate(WATCH, "button[data-action='toggle'] [data-label]")
    page.keyboard.type("每")
    page.wait_for_function("seen.filter((label) => label !== seen.at(-1)).length > 0")  # held, then on again
    assert page.evaluate("seen[0]") == "Play"
    expect(play).to_contain_text("Pause")
    page.keyboard.press("Alt+KeyP")
    expect(page.locator("button[data-action='hold']")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Alt+Enter")
    page.evaluate("seen.length = 0")
    page.keyboard.type("日")
    assert page.evaluate("seen.filter((label) => label === 'Play').length") == 0


PRESS = """(init) => text.dispatchEvent(
    new KeyboardEvent("keydown", {bubbles: true, cancelable: true, ...init}))"""
CONFIRM = {"key": "Enter", "code": "Enter", "ctrlKey": True}


def test_keys_that_belong_to_the_input_method_do_nothing(page_of, expert, segments):
    page = open_next(page_of(expert))
    page.keyboard.press("End")
    client = page.context.new_cdp_session(page)
    client.send("Input.imeSetComposition", {"text": "ㄏㄨㄟˊ", "selectionStart": 4, "selectionEnd": 4})
    for key in (CONFIRM, {"key": "Enter", "code": "Enter"}, {"key": "Escape", "code": "Escape"}):
        assert page.evaluate(PRESS, key), f"{key} was taken from the input method"
    client.send("Input.insertText", {"text": "回"})
    # keyCode 229 is the input method's, whatever else the browser says.
    assert page.evaluate(PRESS, {**CONFIRM, "key": "Process", "keyCode": 229})
    # Some browsers end the composition first and send the Enter that confirmed it afterwards.
    assert page.evaluate(
        """(init) => {
          text.dispatchEvent(new CompositionEvent("compositionstart", {bubbles: true}));
          text.dispatchEvent(new CompositionEvent("compositionend", {bubbles: true}));
          return text.dispatchEvent(new KeyboardEvent("keydown", {bubbles: true, cancelable: true, ...init}));
        }""",
        CONFIRM,
    )
    page.wait_for_timeout(300)
    assert not Label.objects.exists()
    page.keyboard.press("Control+Enter")  # the composition is over: now it confirms
    expect(page.locator("#text")).to_have_value("血壓一百四十")
    assert Label.objects.get().text == DRAFT + "回"


def test_playing_is_steered_while_typing(page_of, expert, segments):
    page = open_next(page_of(expert))
    play = page.locator("button[data-action=toggle]")
    expect(play).to_contain_text("Pause")
    page.keyboard.press("Escape")
    expect(play).to_contain_text("Play")
    page.evaluate(WATCH, "[data-now]")
    before = page.locator("[data-now]").text_content()
    page.keyboard.press("Alt+ArrowLeft")
    expect(play).to_contain_text("Pause")
    page.wait_for_function("seen.length > 0")
    assert page.evaluate("seen[0]") <= before
    page.keyboard.press("Alt+Minus")
    expect(page.locator("[data-rate]")).to_have_text("0.8×")
    page.keyboard.press("Alt+Slash")
    expect(page.locator("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    page.keyboard.press("Enter")
    assert text_of(page) == DRAFT  # no stray line
    expect(page.locator("[data-spoken]")).to_have_text("Ctrl+Enter confirms.")


def test_the_draft_survives_a_reload(page_of, expert, segments):
    page = open_next(page_of(expert))
    page.keyboard.press("End")
    page.keyboard.type(" bid")
    expect(page.locator("[data-saved]")).to_contain_text("Saved")
    page.reload()
    expect(page.locator("#text")).to_have_value(DRAFT + " bid")
    assert Draft.objects.get().active_edit_ms > 0


def test_an_earlier_text_comes_back_and_can_be_taken_back(page_of, expert, segments):
    make_label(segments[0], "服用 Metformin", author=expert)
    page = page_of(expert)
    page.goto(f"/correct/{segments[0].uuid}/")
    page.wait_for_function(PLAYING)
    page.get_by_text("Earlier texts").click()
    page.get_by_role("button", name="what the model heard").click()
    assert text_of(page) == DRAFT
    page.keyboard.press("Control+KeyZ")
    assert text_of(page) == "服用 Metformin"
    page.get_by_text("Earlier texts").click()
    page.get_by_role("button", name="version 1").click()
    assert text_of(page) == "服用 Metformin"


def test_two_experts_never_get_the_same_segment(page_of, site, expert, segments):
    pages = [page_of(expert), page_of(make_user(Role.EXPERT, site=site))]
    seen: list[set[str]] = [set(), set()]
    for page in pages:
        page.goto("/correct/")
    for _ in range(3):
        for page, mine in zip(pages, seen, strict=True):
            if match := re.search(r"/correct/([0-9a-f-]{36})/", page.url):
                mine.add(match[1])
                here = page.url
                page.wait_for_selector("[data-mounted]:not([hidden])")
                page.keyboard.press("Control+Enter")
                page.wait_for_function("(url) => location.href !== url", arg=here)
    assert not seen[0] & seen[1]
    assert len(seen[0] | seen[1]) == 3
    assert Label.objects.count() == Segment.objects.filter(status=SegmentStatus.DONE).count() == 3


def test_a_stale_tab_shows_both_texts_and_overwrites_nothing(page_of, site, expert, segments):
    stale = open_next(page_of(expert))
    # The lease runs out while the doctor is with a patient, and a colleague takes the segment.
    Segment.objects.filter(pk=segments[0].pk).update(status=SegmentStatus.OPEN, claimed_by=None)
    other = page_of(make_user(Role.EXPERT, site=site))
    open_next(other).locator("#text").fill("同事寫的")
    other.keyboard.press("Control+Enter")
    expect(other.locator("#text")).to_have_value("血壓一百四十")

    stale.locator("#text").fill("我寫的")
    with stale.expect_response(re.compile("/submit/")) as answer:
        stale.keyboard.press("Control+Enter")
    assert answer.value.status == 409
    panel = stale.locator("[data-conflict-panel]")
    expect(panel).to_be_visible()
    expect(panel.get_by_role("radio")).to_have_count(3)
    assert [label.text for label in Label.objects.all()] == ["同事寫的"]
    stale.keyboard.press("1")
    stale.keyboard.press("Control+Enter")
    expect(panel).to_be_hidden()
    assert text_of(stale) == "我寫的"
    stale.keyboard.press("Control+Enter")
    expect(stale.locator("#text")).to_have_value("兩週後回診")
    assert [label.text for label in Label.objects.order_by("version")] == ["同事寫的", "我寫的"]


def test_skip_and_unusable_are_different_things(page_of, expert, segments):
    page = open_next(page_of(expert))
    page.keyboard.press("Alt+KeyN")
    expect(page.locator("#text")).to_have_value("血壓一百四十")
    page.wait_for_function(PLAYING)  # the keys are there once it plays
    page.keyboard.press("Alt+KeyU")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#text")).to_have_value("兩週後回診")
    states = list(Segment.objects.order_by("index").values_list("status", "unusable_reason"))
    assert states[:2] == [("open", ""), ("unusable", "unintelligible")]


def test_a_server_that_is_gone_is_said_and_the_text_stays(page_of, expert, segments):
    page = open_next(page_of(expert))
    page.route("**/submit/", lambda route: route.abort())
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-problem]")).to_contain_text("The server does not answer")
    assert text_of(page) == DRAFT
    page.unroute("**/submit/")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#text")).to_have_value("血壓一百四十")
