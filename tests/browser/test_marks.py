"""Marks that tell who a patient is are kept as letters are: on the way, after a crash, in corrected names."""

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Draft, Label
from tests.browser.editing import compose, open_segment, type_at_end
from tests.browser.test_lost import crash, no_drafts
from tests.factories import make_recording, make_segment

SAID = "病人王小明血壓偏高"
NAME = {"start": 2, "end": 5, "kind": "name"}
DELAY_MS = 1000


@pytest.fixture
def segment(site):
    return make_segment(make_recording(site, audio=True, duration_ms=4000), 0, 4000, text=SAID)


@pytest.fixture
def context(context_of, expert):
    return context_of(expert)


def select(page: Page, start: int, end: int) -> None:
    page.locator("#text").focus()
    page.evaluate("([from, to]) => text.setSelectionRange(from, to)", [start, end])


def mark_name(page: Page, start: int = 2, end: int = 5) -> None:
    select(page, start, end)
    page.keyboard.press("Alt+KeyI")
    page.keyboard.press("1")
    expect(page.locator(".phi-mark")).to_have_count(1)


def wait_until_saved(page: Page) -> None:
    expect(page.locator("[data-saved]")).to_have_attribute("data-state", "saved")


def wait_until_kept(page: Page) -> None:
    expect(page.locator("[data-saved]")).to_have_attribute("data-kept", "true")


def marked(row: Draft | Label) -> list[str]:
    return [row.text[one["start"] : one["end"]] for one in row.phi]


def test_a_mark_set_while_a_draft_is_on_its_way_is_kept(context, segment):
    page = open_segment(context.new_page(), segment)
    slow = "(() => { const send = fetch; window.fetch = async (url, options) => {"
    slow += f" if (url.endsWith('/draft/')) await new Promise((go) => setTimeout(go, {DELAY_MS}));"
    slow += " return send(url, options); }; })()"
    page.evaluate(slow)
    with page.expect_response("**/draft/"):
        type_at_end(page, "了")
        page.wait_for_timeout(DELAY_MS)  # the draft has left, and nobody has answered
        mark_name(page)
    wait_until_saved(page)
    page.reload()
    expect(page.locator(".phi-mark")).to_contain_text("王小明")
    assert Draft.objects.get().phi == [NAME]


def test_a_mark_set_while_a_confirmed_text_is_on_its_way_is_not_forgotten(context, segment):
    page = open_segment(context.new_page(), segment)
    context.set_offline(True)
    type_at_end(page, "了")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-saved]")).to_contain_text("Confirmed on this computer")
    mark_name(page)
    context.set_offline(False)
    expect(page.locator("[data-spoken]")).to_contain_text("It is on the server now")
    page.keyboard.press("Control+Enter")
    page.wait_for_function("!document.querySelector('.bench')")
    assert marked(Label.objects.order_by("-version")[0]) == ["王小明"]


@pytest.mark.parametrize("typed", ["", "昨天"])
def test_a_mark_survives_the_crash_of_the_tab(context, segment, typed):
    no_drafts(context)
    page = open_segment(context.new_page(), segment)
    mark_name(page)
    page.keyboard.press("Home")
    if typed:
        page.keyboard.insert_text(typed)  # the mark moves, in what this computer keeps as well
    wait_until_kept(page)
    page = crash(page)
    context.unroute("**/draft/")
    open_segment(page, segment)
    expect(page.locator("#text")).to_have_value(typed + SAID)
    expect(page.locator(".phi-mark")).to_contain_text("王小明")
    wait_until_saved(page)
    assert marked(Draft.objects.get()) == ["王小明"]


def test_a_mark_set_without_a_network_is_sent_when_there_is_one(context, segment):
    page = open_segment(context.new_page(), segment)
    context.set_offline(True)
    mark_name(page)
    wait_until_kept(page)
    page = crash(page)
    context.set_offline(False)
    open_segment(page, segment)
    expect(page.locator(".phi-mark")).to_contain_text("王小明")
    wait_until_saved(page)
    assert Draft.objects.get().phi == [NAME]


def test_the_transcript_takes_over_the_marks_that_it_does_not_show(context, segment):
    no_drafts(context)
    page = open_segment(context.new_page(), segment)
    mark_name(page)
    wait_until_kept(page)
    page = crash(page)
    page.goto(f"/recordings/{segment.recording.uuid}/transcript/")
    line = page.locator(".line textarea")
    line.focus()
    expect(page.locator(".line-state")).to_contain_text("Saved on this computer")  # taken over
    line.press("Home")
    page.keyboard.insert_text("這")
    context.unroute("**/draft/")
    expect(page.locator(".line-state")).to_contain_text("draft saved")
    assert (Draft.objects.get().text, marked(Draft.objects.get())) == ("這" + SAID, ["王小明"])


@pytest.mark.parametrize(
    ("at", "letter", "name"), [(2, "汪", "汪小明"), (4, "銘", "王小銘"), (3, "曉", "王曉明")]
)
def test_a_marked_name_that_is_corrected_is_marked_from_end_to_end(context, segment, at, letter, name):
    page = open_segment(context.new_page(), segment)
    mark_name(page)
    select(page, at, at + 1)
    page.keyboard.insert_text(letter)
    expect(page.locator(".phi-mark")).to_contain_text(name)
    wait_until_saved(page)
    assert marked(Draft.objects.get()) == [name]


def test_what_an_input_method_writes_over_the_end_of_a_name_belongs_to_it(context, segment):
    page = open_segment(context.new_page(), segment)
    mark_name(page)
    select(page, 4, 5)
    compose(page, ["m", "mi", "ming z"], "名字")
    expect(page.locator(".phi-mark")).to_contain_text("王小名字")


CARRIED = """async ([spans, before, after]) => {
  const {carrySpans} = await import("/static/annotation/js/phi_spans.js");
  return carrySpans(spans, before, after).map(({start, end}) => after.slice(start, end));
}"""


@pytest.mark.parametrize(
    ("after", "found"),
    [
        ("病人歐陽小明血壓偏高", ["歐陽小明"]),
        ("病人李四血壓偏高", ["李四"]),
        ("病人小明血壓偏高", ["小明"]),
        ("病人血壓偏高", []),
        ("病人王小明先生血壓偏高", ["王小明"]),
        ("病X汪小明血壓偏高", ["汪小明"]),
        ("病人王小銘心壓偏高", ["王小銘"]),
        ("昨天病人王小明", ["王小明"]),
        ("", []),
    ],
)
def test_a_mark_is_carried_as_the_server_carries_it(context, segment, after, found):
    page = open_segment(context.new_page(), segment)
    assert page.evaluate(CARRIED, [[NAME], SAID, after]) == found
