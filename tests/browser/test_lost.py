"""Nothing that was typed is lost or overwritten: crashes, lines that are cut, other windows, other people."""

import json
import re
import subprocess
import sys
import time
from contextlib import suppress

import pytest
from django.conf import settings
from playwright.sync_api import BrowserContext, Error, Page, expect

from accounts.models import Role
from annotation.models import Draft, Label, Segment, SegmentStatus
from tests.browser.conftest import PATIENCE_MS, session_cookie
from tests.browser.editing import HEARD, make_pair, open_segment, type_at_end
from tests.factories import make_user

LEFT = """async () => {
  const {openJournal} = await import("/static/annotation/js/journal.js");
  return (await openJournal(document.querySelector("[data-person]").dataset.person).entries()).length;
}"""
EVERYTHING_LEFT = """() => new Promise((resolve) => {
  const opening = indexedDB.open("auscult-journal");
  opening.onsuccess = () => {
    const reading = opening.result.transaction("entries").objectStore("entries").getAll();
    reading.onsuccess = () => resolve(reading.result.map((entry) => entry.body.text));
  };
})"""


@pytest.fixture
def segments(site):
    return make_pair(site)


def origin(page: Page) -> str:
    """Of the whole site: a cookie of a longer address would stand beside the one of the log-in."""
    return page.url.split("/correct/")[0]


def crash(page: Page) -> Page:
    """The tab's process dies; -> a new tab of the same window."""
    with suppress(Error):
        page.goto("chrome://crash", timeout=3000)
    with suppress(Error):
        page.close()
    return page.context.new_page()


def wait_until_nothing_is_left(page: Page) -> None:
    """Asked from here: wait_for_function takes the promise of an answer for a yes."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while page.evaluate(LEFT) and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    assert page.evaluate(LEFT) == 0


def no_drafts(context: BrowserContext) -> None:
    context.route("**/draft/", lambda route: route.abort())


def test_what_was_typed_survives_the_crash_of_the_tab(context_of, expert, segments):
    context = context_of(expert)
    no_drafts(context)
    page = open_segment(context.new_page(), segments[0])
    type_at_end(page, "每日")
    type_at_end(page, "兩次")
    page = crash(page)
    context.unroute("**/draft/")
    open_segment(page, segments[0])
    expect(page.locator("#text")).to_have_value(HEARD + "每日兩次")
    expect(page.locator("[data-saved]")).to_have_attribute("data-state", "saved")
    assert Draft.objects.get().text == HEARD + "每日兩次"
    assert page.evaluate(LEFT) == 0  # the server has it: nothing stays on a computer that others use


def test_after_crash_upon_crash_the_newest_text_stands_and_no_older_one_comes_back(
    context_of, expert, segments
):
    context = context_of(expert)
    no_drafts(context)
    page = open_segment(context.new_page(), segments[0])
    for written in ("每日", "兩次"):  # each window takes over what the one before left
        type_at_end(page, written)
        expect(page.locator("[data-saved]")).to_have_attribute("data-kept", "true")
        page = open_segment(crash(page), segments[0])
    expect(page.locator("#text")).to_have_value(HEARD + "每日兩次")
    context.unroute("**/draft/")
    type_at_end(page, "飯後")
    expect(page.locator("[data-saved]")).to_have_attribute("data-state", "saved")
    page = open_segment(crash(page), segments[0])
    page.wait_for_timeout(500)  # an older text would come now
    expect(page.locator("#text")).to_have_value(HEARD + "每日兩次飯後")
    expect(page.locator("[data-conflict-notice]")).to_be_hidden()
    assert page.evaluate(EVERYTHING_LEFT) == []


def test_without_a_database_in_the_browser_it_survives_too(context_of, expert, segments):
    context = context_of(expert)
    context.add_init_script("indexedDB.open = () => { throw new Error('switched off'); }")
    no_drafts(context)
    page = open_segment(context.new_page(), segments[0])
    type_at_end(page, "每日")
    expect(page.locator("[data-saved]")).to_have_attribute("data-kept", "true")
    page.close()
    context.unroute("**/draft/")
    page = open_segment(context.new_page(), segments[0])
    expect(page.locator("#text")).to_have_value(HEARD + "每日")


def confirmed_while_nobody_answers(context: BrowserContext, segment: Segment) -> Page:
    page = open_segment(context.new_page(), segment)
    context.set_offline(True)
    type_at_end(page, "每日")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-saved]")).to_contain_text("Confirmed on this computer, not yet on the server")
    return page


def test_a_text_confirmed_while_nobody_answers_is_sent_once_and_nobody_is_moved(context_of, expert, segments):
    context = context_of(expert)
    page = confirmed_while_nobody_answers(context, segments[0])
    expect(page.locator("[data-problem]")).to_contain_text("There is no network")
    page.keyboard.press("Control+Enter")  # impatience makes no second version
    context.set_offline(False)
    expect(page.locator("[data-spoken]")).to_contain_text("It is on the server now")
    expect(page.locator("#text")).to_have_value(HEARD + "每日")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#text")).to_have_value("血壓一百四十")
    assert [(label.version, label.text) for label in Label.objects.all()] == [(1, HEARD + "每日")]


def test_what_is_typed_after_a_text_was_confirmed_is_confirmed_by_the_next_key(context_of, expert, segments):
    context = context_of(expert)
    page = confirmed_while_nobody_answers(context, segments[0])
    type_at_end(page, "兩次")  # nobody has taken the first text yet
    context.set_offline(False)
    expect(page.locator("[data-spoken]")).to_contain_text("It is on the server now")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#text")).to_have_value("血壓一百四十")
    texts = list(Label.objects.order_by("version").values_list("text", flat=True))
    assert texts == [HEARD + "每日", HEARD + "每日兩次"]


def test_what_a_lost_tab_had_confirmed_is_sent_from_any_page(context_of, expert, segments):
    context = context_of(expert)
    page = confirmed_while_nobody_answers(context, segments[0])
    home = crash(page)  # one that is closed gently is online again for its last moment
    context.set_offline(False)
    home.goto("/")
    wait_until_nothing_is_left(home)
    assert Label.objects.get().text == HEARD + "每日"
    # It was sent from elsewhere: nobody is given another segment for it.
    assert not Segment.objects.filter(status=SegmentStatus.CLAIMED).exists()


def test_a_text_that_cannot_be_placed_is_shown_until_it_is_given_up(context_of, expert, segments):
    context = context_of(expert)
    no_drafts(context)
    page = open_segment(context.new_page(), segments[0])
    type_at_end(page, "不能丟")
    expect(page.locator("[data-saved]")).to_have_attribute("data-kept", "true")
    page.close()
    context.unroute("**/draft/")
    segments[0].delete()
    home = context.new_page()
    home.goto("/")
    left = home.locator("[data-leftovers]")
    expect(left).to_contain_text(HEARD + "不能丟")
    left.get_by_role("button", name="Give it up").click()
    expect(left).to_be_hidden()
    assert home.evaluate(LEFT) == 0


def test_the_next_person_at_the_computer_neither_sees_nor_sends_it(context_of, site, expert, segments):
    context = context_of(expert)
    no_drafts(context)
    page = open_segment(context.new_page(), segments[0])
    type_at_end(page, "只有我知道")
    expect(page.locator("[data-saved]")).to_have_attribute("data-kept", "true")
    Segment.objects.update(status=SegmentStatus.OPEN, claimed_by=None)

    other = make_user(Role.EXPERT, site=site)
    context.add_cookies([session_cookie(other, origin(page))])
    theirs = open_segment(context.new_page(), segments[0])
    expect(theirs.locator("#text")).to_have_value(HEARD)
    assert theirs.evaluate(LEFT) == 0
    # The first person's page is still open, and goes on trying.
    context.unroute("**/draft/")
    type_at_end(page, "。")
    expect(page.locator("[data-saved]")).to_contain_text("Somebody else has logged in here")
    assert not Draft.objects.exists()

    context.add_cookies([session_cookie(expert, origin(page))])
    expect(page.locator("[data-saved]")).to_have_attribute("data-state", "saved")
    assert (Draft.objects.get().author, Draft.objects.get().text) == (expert, HEARD + "只有我知道。")


def test_logging_out_leaves_nothing_behind_that_the_server_has(context_of, expert, segments):
    context = context_of(expert)
    page = open_segment(context.new_page(), segments[0])
    type_at_end(page, "每日")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login/**")
    assert Draft.objects.get().text == HEARD + "每日"
    assert page.evaluate(EVERYTHING_LEFT) == []


def test_the_line_tells_why_the_server_has_not_got_it(context_of, expert, segments):
    context = context_of(expert)
    page = open_segment(context.new_page(), segments[0])
    saved = page.locator("[data-saved]")
    no_drafts(context)
    type_at_end(page, "一")
    expect(saved).to_have_text(
        "Saved on this computer, not yet on the server. The server does not answer; trying again."
    )
    context.set_offline(True)
    expect(saved).to_contain_text("There is no network")
    context.set_offline(False)
    context.unroute("**/draft/")
    expect(saved).to_have_text(re.compile(r"^Saved \d+ s ago$"))
    context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    type_at_end(page, "二")
    expect(saved).to_contain_text("You are logged out")
    context.add_cookies([session_cookie(expert, origin(page))])
    expect(saved).to_have_attribute("data-state", "saved")
    assert Draft.objects.get().text == HEARD + "一二"


LEAVE = """() => {
  const event = new Event("beforeunload", {cancelable: true});
  dispatchEvent(event);
  return event.defaultPrevented;
}"""


def test_leaving_asks_only_when_the_text_is_nowhere_else(context_of, expert, segments):
    context = context_of(expert)
    page = open_segment(context.new_page(), segments[0])
    no_drafts(context)
    assert not page.evaluate(LEAVE)
    type_at_end(page, "一")
    expect(page.locator("[data-saved]")).to_have_attribute("data-kept", "true")
    assert not page.evaluate(LEAVE)  # this computer has it
    context.add_init_script(
        "indexedDB.open = Storage.prototype.setItem = () => { throw new Error('switched off'); }"
    )
    page = open_segment(context.new_page(), segments[1])
    type_at_end(page, "一")
    expect(page.locator("[data-saved]")).to_contain_text("Not saved anywhere: keep this page open")
    assert page.evaluate(LEAVE)


def test_a_text_too_long_for_a_parting_request_is_there_again(context_of, expert, segments):
    """A browser sends no more than 64 KB for a page that is gone, and the server takes 5,000 characters."""
    context = context_of(expert)
    page = open_segment(context.new_page(), segments[0])
    long = "病" * 30_000
    type_at_end(page, long)
    page.goto("/")
    open_segment(page, segments[0])
    expect(page.locator("#text")).to_have_value(HEARD + long)
    expect(page.locator("[data-saved]")).to_contain_text("The server does not take it as it stands")


def test_typing_while_everything_breaks_loses_nothing():
    """Tabs, browser, line and server are killed; the 200 edits of the benchmark are a dozen here."""
    command = [sys.executable, "-m", "benchmarks.lost", "--edits", "12", "--seeds", "1", "--no-journal"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=settings.BASE_DIR, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    figures = {line["figure"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert figures["edits"]["value"] >= 12
    assert sum(line["value"] for name, line in figures.items() if name.startswith("accidents")) >= 6
    for name in ("characters_lost", "characters_changed", "overwritten_versions"):
        assert figures[name]["value"] == 0, done.stdout
