# ruff: noqa: F811  fixtures are imported
"""The live page when microphone, sound, disk, database or session go wrong: it says so and loses nothing."""

import re
import time
from pathlib import Path

import pytest
from django.db import OperationalError
from playwright.sync_api import BrowserContext, Locator, Page, expect

from inference.models import LiveSession
from inference.services import sessions
from inference.services.spool import Spool
from tests.browser.dictating import TEXT, Wire, final_lines, state
from tests.browser.test_live import (  # noqa: F401
    browser_arguments,
    clinic,
    finish,
    finished,
    open_live,
    start,
    stored_sound,
    window,
    window_of,
)

pytestmark = pytest.mark.django_db(transaction=True)
WATCHED = """
window.tracks = []; window.contexts = []; window.delayMs = 0;
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => {
  await new Promise((resolve) => setTimeout(resolve, window.delayMs));
  const stream = await ask(wanted);
  window.tracks.push(...stream.getTracks());
  return stream;
};
window.AudioContext = class extends AudioContext {
  constructor(options) { super(options); window.contexts.push(this); }
};
"""
HIDDEN = """
const list = navigator.mediaDevices.enumerateDevices.bind(navigator.mediaDevices);
navigator.mediaDevices.enumerateDevices = async () => {
  const told = ({ kind, deviceId, label }) => ({ kind, deviceId, label });
  const hidden = ({ kind }) => ({ kind, deviceId: "", label: "" });
  return (await list()).map(window.tracks.length ? told : hidden);
};
"""
OFFLINE_WORKLETS = """() => {  // their own requests pass Playwright by
  const add = AudioWorklet.prototype.addModule;
  AudioWorklet.prototype.addModule = async function (address) {
    if (!String(address).startsWith("blob:")) throw new DOMException("no network", "AbortError");
    return add.call(this, address);
  };
}"""
NEVER_FLUSHED = """() => {
  const post = MessagePort.prototype.postMessage;
  MessagePort.prototype.postMessage = function (...said) {
    if (said[0] !== "flush") post.apply(this, said);
  };
}"""
LIVE_TRACKS = "tracks.filter(({ readyState }) => readyState === 'live').length"


@pytest.fixture
def wire(window: BrowserContext) -> Wire:
    window.add_init_script(WATCHED)
    return Wire(window)


def record(page: Page) -> None:
    start(page)
    expect(state(page)).to_contain_text(re.compile("Saved to 0:0[1-9]"), timeout=20_000)


def pause(page: Page) -> None:
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Go on")).to_be_enabled()
    page.wait_for_function(f"{LIVE_TRACKS} === 0")


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name="Pause")).to_be_enabled()


def frames_a_second(wire: Wire, page: Page, count: int = 30) -> float:
    """Over the next `count` of them."""
    until, began_s = len(wire.frames) + count, time.monotonic()
    while len(wire.frames) < until:
        assert time.monotonic() - began_s < 30, "no more frames come"
        page.wait_for_timeout(100)
    return (len(wire.frames) - until + count) / (time.monotonic() - began_s)


def choose_last(page: Page) -> tuple[Locator, str]:
    """-> the choice of microphone, the name that is chosen now."""
    choice = page.get_by_label("Microphone", exact=True)
    expect(choice.locator("option")).not_to_have_count(1)
    last = choice.locator("option").last.inner_text()
    choice.select_option(label=last)
    return choice, last


def test_go_on_pressed_twice_opens_one_microphone(wire, window):
    page = open_live(window)
    record(page)
    pause(page)
    page.evaluate(
        """() => {
          window.delayMs = 300;
          const button = document.querySelector("[data-live=button]");
          button.click();
          setTimeout(() => button.click(), 120);
        }"""
    )
    expect(page.get_by_role("button", name="Pause")).to_be_enabled()
    assert frames_a_second(wire, page) < 14  # two would send twenty
    assert page.evaluate(LIVE_TRACKS) == 1
    assert stored_sound(finish(page)) == wire.sound


def test_logged_out_before_the_microphone_is_there_records_nothing(window):
    window.add_init_script(WATCHED + "window.delayMs = 500;")
    window.route_web_socket(re.compile("/ws/live/"), lambda socket: socket.close(code=4401))
    page = open_live(window)
    start(page)
    expect(state(page)).to_contain_text("You were logged out")
    page.wait_for_function(f"tracks.length === 1 && {LIVE_TRACKS} === 0")
    page.wait_for_timeout(300)
    expect(page.locator(".live")).to_have_attribute("data-mode", "failed")


def test_finish_waits_for_a_disk_that_refuses(wire, window, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    page = open_live(window)
    record(page)
    with monkeypatch.context() as disk:
        disk.setattr(Spool, "append", refuse)
        expect(state(page)).to_contain_text("cannot save right now")
        expect(state(page)).to_contain_text("more are kept in this page")
        page.get_by_role("button", name="Finish").click()
        page.wait_for_timeout(3000)
        expect(state(page)).to_contain_text("Finishing")
    assert stored_sound(finished(page)) == wire.sound


def test_a_database_that_is_away_when_the_line_comes_back_is_asked_again(wire, window, monkeypatch):
    real, refused = sessions.session_take_over, []

    def away_once(**asked: object) -> LiveSession:
        if not refused:
            refused.append(True)
            raise OperationalError("the database is starting up")
        return real(**asked)

    monkeypatch.setattr(sessions, "session_take_over", away_once)
    page = open_live(window)
    record(page)
    wire.cut()
    expect(state(page)).to_contain_text("reconnecting")
    wire.mend()
    expect(state(page)).not_to_contain_text("reconnecting", timeout=20_000)
    assert refused
    assert stored_sound(finish(page)) == wire.sound


def test_sound_that_stops_coming_is_said_and_recording_goes_on_after(wire, window):
    page = open_live(window)
    record(page)
    page.evaluate("contexts.at(-1).suspend()")  # as a phone call does
    expect(state(page)).to_contain_text("The microphone was taken away")
    go_on(page)
    expect(state(page)).not_to_contain_text("taken away")
    assert frames_a_second(wire, page)
    assert stored_sound(finish(page)) == wire.sound


def test_finish_ends_although_the_sound_does_not_answer(wire, window):
    page = open_live(window)
    record(page)
    page.evaluate("contexts.at(-1).suspend()")
    page.evaluate(NEVER_FLUSHED)
    page.get_by_role("button", name="Finish").click()
    assert stored_sound(finished(page)) == wire.sound
    assert page.evaluate(LIVE_TRACKS) == 0


def test_a_pause_ends_while_no_server_is_there(wire, window):
    page = open_live(window)
    record(page)
    wire.cut()
    window.route("**/worklet.js", lambda route: route.abort())
    page.evaluate(OFFLINE_WORKLETS)
    pause(page)
    go_on(page)
    expect(state(page)).to_contain_text("more are kept in this page")
    wire.mend()
    expect(state(page)).not_to_contain_text("more are kept", timeout=20_000)
    assert stored_sound(finish(page)) == wire.sound


def test_a_dictation_that_became_two_sessions_is_taken_away_whole(wire, window, monkeypatch):
    monkeypatch.setattr("inference.consumers.dictation.GRACE_S", 0.1)
    page = open_live(window)
    start(page)
    expect(final_lines(page)).to_have_text([TEXT], timeout=20_000)
    wire.cut()
    page.wait_for_timeout(1000)
    wire.mend()
    expect(final_lines(page)).to_have_text([TEXT, TEXT], timeout=20_000)
    page.get_by_role("button", name="Finish").click()
    expect(state(page)).to_contain_text("Finished", timeout=20_000)
    for part in ("part 1", "part 2"):
        expect(page.get_by_role("link", name=f"Open the recording, {part}")).to_be_visible(timeout=20_000)
    assert LiveSession.objects.count() == 2

    page.get_by_text("Export").click()
    expect(page.get_by_text("This dictation is in 2 parts")).to_be_visible()
    with page.expect_download() as taken:
        page.get_by_role("link", name="Plain text").click()
    assert re.fullmatch(r"dictation-\d{8}-\d{6}\.txt", taken.value.suggested_filename)
    assert Path(taken.value.path()).read_text() == f"{TEXT}。\n\n{TEXT}。\n"
    addresses = {
        page.get_by_role("link", name=f"Subtitles (SRT), part {part}").get_attribute("href")
        for part in (1, 2)
    }
    assert addresses == {f"/live/sessions/{one.uuid}/export.srt" for one in LiveSession.objects.all()}


def test_the_chosen_microphone_is_taken_where_names_are_told_late(wire, window):
    page = open_live(window)
    choice, last = choose_last(page)
    window.add_init_script(HIDDEN)
    page.reload()
    expect(choice.locator("option")).to_have_count(1)
    record(page)
    assert page.evaluate("tracks.at(-1).label") == last
    assert page.evaluate(LIVE_TRACKS) == 1
    expect(choice.locator("option:checked")).to_have_text(last)


def test_the_microphone_that_is_recorded_is_the_one_shown(wire, window):
    page = open_live(window)
    choice, last = choose_last(page)
    record(page)
    expect(choice.locator("option:checked")).to_have_text(last)
    page.evaluate("tracks.at(-1).dispatchEvent(new Event('ended'))")  # unplugged
    expect(page.locator("[data-live=hint]")).to_contain_text("Now listening to")
    page.evaluate("navigator.mediaDevices.dispatchEvent(new Event('devicechange'))")  # and there again
    page.wait_for_timeout(300)
    expect(choice.locator("option:checked")).not_to_have_text(last)
    pause(page)
    expect(choice.locator("option:checked")).to_have_text(last)  # the next time


def test_the_focus_stays_with_who_uses_the_keyboard(wire, window):
    page = open_live(window)
    button = page.locator("[data-live=button]")
    expect(button).to_be_enabled()
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Pause")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Go on")).to_be_focused()
    page.get_by_role("button", name="Finish").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="New dictation")).to_be_focused(timeout=20_000)
