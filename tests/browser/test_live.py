"""The live page in Chromium, with a fake microphone: talked into, cut off, resumed, put right."""

import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from accounts.models import Role, User
from base.storage import data_path
from config.asgi import application
from inference.models import LiveSession
from tests.browser.conftest import session_cookie
from tests.browser.dictating import (
    TEXT,
    Clinic,
    Wire,
    engine_of,
    final_lines,
    heard_within,
    microphone_arguments,
    spoken,
    state,
)
from tests.browser.servers import serving
from tests.factories import make_live_model, make_user

pytestmark = pytest.mark.django_db(transaction=True)
KEPT = "async () => await new Promise((done) => { const open = indexedDB.open('auscult-live', 1);"
KEPT += (
    " open.onsuccess = () => { const all = open.result.transaction('frames').objectStore('frames').getAll();"
)
KEPT += " all.onsuccess = () => done(all.result.length); }; })"


@pytest.fixture(scope="module")
def browser_arguments(tmp_path_factory) -> list[str]:
    return microphone_arguments(tmp_path_factory.mktemp("microphone") / "spoken.wav")


@pytest.fixture
def clinic(tmp_path, settings) -> Iterator[Clinic]:
    """A clinician and a live model that always hears TEXT."""
    settings.DATA_DIR = tmp_path
    make_live_model(f"fake:{TEXT}")
    with engine_of() as engine:
        settings.AUSCULT_ENGINE_URL = engine
        with serving(application) as address:
            yield Clinic(address, make_user(Role.CLINICIAN))


@pytest.fixture
def window_of(browser: Browser, clinic: Clinic) -> Iterator[Callable[..., BrowserContext]]:
    opened: list[BrowserContext] = []

    def open_for(user: User, **options: object) -> BrowserContext:
        allowed = ["microphone", "clipboard-read", "clipboard-write"]
        options = {"locale": "en-GB"} | options
        context = browser.new_context(base_url=clinic.address, permissions=allowed, **options)
        context.add_cookies([session_cookie(user, clinic.address)])
        opened.append(context)
        return context

    yield open_for
    for context in opened:
        context.close()


@pytest.fixture
def window(window_of, clinic) -> BrowserContext:
    return window_of(clinic.user)


def open_live(context: BrowserContext) -> Page:
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"script error on the page: {error}"))
    page.on("dialog", lambda dialog: dialog.accept())  # leaving while something is unsaved
    page.goto("/live/")
    return page


def start(page: Page) -> None:
    page.get_by_role("button", name="Start dictation").click()


def kept_of(page: Page) -> float:
    """Seconds of sound that only the page has, as it says."""
    return float(state(page).inner_text().split(" s more")[0].rsplit(" ", 1)[1])


def finish(page: Page) -> LiveSession:
    """-> the session, stored."""
    page.get_by_role("button", name="Finish").click()
    return finished(page)


def finished(page: Page) -> LiveSession:
    expect(state(page)).to_contain_text("Finished", timeout=20_000)
    expect(page.get_by_role("link", name="Open the recording")).to_be_visible(timeout=20_000)
    session = LiveSession.objects.select_related("recording").get()
    deadline_s = time.monotonic() + 20
    while session.status != "stored" and time.monotonic() < deadline_s:
        time.sleep(0.1)
        session = LiveSession.objects.select_related("recording").get()
    return session


def stored_sound(session: LiveSession) -> bytes:
    return data_path(session.recording.original_path).read_bytes()[44:]


def test_what_is_said_appears_is_put_right_and_stored(clinic, window):
    wire = Wire(window)
    page = open_live(window)
    start(page)
    expect(final_lines(page)).to_have_text([TEXT, TEXT], timeout=20_000)
    expect(state(page)).to_contain_text("Saved to 0:")

    page.locator(".word", has_text="四").first.click()
    field = page.get_by_label("The right words")
    expect(field).to_have_value("四")
    field.fill("五")
    field.press("Enter")
    expect(final_lines(page).first).to_have_text("病人血壓一百五十")
    expect(page.locator("[data-live=note]")).to_have_text("Correction saved")

    session = finish(page)
    first, second = session.utterances.all()
    assert (first.text, first.corrected_text, second.text) == (TEXT, "病人血壓一百五十", TEXT)
    assert stored_sound(session) == wire.sound
    assert heard_within(np.frombuffer(wire.sound, np.int16), spoken())


def test_pausing_makes_the_last_words_final_and_lets_the_microphone_go(window):
    page = open_live(window)
    start(page)
    expect(page.locator("[data-live=transcript] [data-state]").first).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Pause").click()
    expect(final_lines(page).first).to_have_text(TEXT, timeout=10_000)
    expect(state(page)).to_contain_text("microphone is off")
    page.get_by_role("button", name="Go on").click()
    expect(state(page)).to_contain_text("Saved to")
    expect(page.get_by_role("button", name="Pause")).to_be_enabled()


def test_a_connection_cut_in_mid_speech_loses_no_byte(window):
    wire = Wire(window)
    page = open_live(window)
    start(page)
    expect(state(page)).to_contain_text("Saved to 0:01", timeout=20_000)
    wire.losing = True
    expect(state(page)).to_contain_text("s more are kept in this page")
    wire.cut()
    expect(state(page)).to_contain_text("reconnecting")
    wire.mend()
    expect(final_lines(page)).to_have_text([TEXT, TEXT], timeout=20_000)
    session = finish(page)
    assert stored_sound(session) == wire.sound
    assert heard_within(np.frombuffer(wire.sound, np.int16), spoken())


def test_a_reload_goes_on_with_the_same_dictation_and_loses_no_byte(window):
    wire = Wire(window)
    page = open_live(window)
    start(page)
    expect(final_lines(page).first).to_have_text(TEXT, timeout=20_000)
    wire.losing = True
    expect(state(page)).to_contain_text("s more are kept in this page")
    wire.cut()
    page.get_by_role("button", name="Pause").click()
    expect(state(page)).to_contain_text("microphone is off")
    kept_s = kept_of(page)  # the last frames may still be on their way to the page
    page.wait_for_function(f"({KEPT})().then((count) => count >= {round(10 * kept_s)})")
    page.reload()
    expect(state(page)).to_contain_text("loaded again")
    expect(final_lines(page).first).to_have_text(TEXT)  # from the server, while the socket is still down
    expect(state(page)).to_contain_text("s more are kept in this page")
    assert kept_of(page) >= kept_s
    wire.mend()
    expect(state(page)).not_to_contain_text("more are kept", timeout=20_000)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name="Pause")).to_be_enabled()
    session = finish(page)
    assert stored_sound(session) == wire.sound
    assert page.evaluate(KEPT) == 0, "nothing stays in the browser"
    page.reload()
    expect(state(page)).to_contain_text("Ready")


def test_what_a_closed_window_left_is_taken_up_by_the_next(window):
    wire = Wire(window)
    page = open_live(window)
    start(page)
    expect(state(page)).to_contain_text("Saved to 0:02", timeout=20_000)
    wire.losing = True
    expect(state(page)).to_contain_text("s more are kept in this page")
    wire.cut()
    page.get_by_role("button", name="Pause").click()
    expect(state(page)).to_contain_text("microphone is off")
    kept_s = kept_of(page)  # the last frames may still be on their way to the page
    page.wait_for_function(f"({KEPT})().then((count) => count >= {round(10 * kept_s)})")
    page.close()
    wire.mend()
    page = open_live(window)
    expect(state(page)).to_contain_text("loaded again")
    expect(final_lines(page)).not_to_have_count(0, timeout=20_000)
    session = finish(page)
    assert stored_sound(session) == wire.sound


def test_a_correction_outlives_a_lost_server_and_a_reload(window):
    page = open_live(window)
    start(page)
    expect(final_lines(page).first).to_have_text(TEXT, timeout=20_000)
    page.get_by_role("button", name="Pause").click()
    window.route("**/utterances/**", lambda route: route.abort())
    page.locator(".word", has_text="四").first.click()
    page.get_by_label("The right words").fill("六")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("[data-live=note]")).to_contain_text("not yet saved")
    page.reload()
    expect(final_lines(page).first).to_have_text("病人血壓一百六十")
    window.unroute("**/utterances/**")
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_function(
        "!Object.keys(localStorage).some((key) => (localStorage[key] ?? '').includes('六'))"
    )
    assert LiveSession.objects.get().utterances.get(index=0).corrected_text == "病人血壓一百六十"


def test_without_an_engine_the_page_says_so_and_keeps_the_sound(window, settings):
    settings.AUSCULT_ENGINE_URL = "http://127.0.0.1:9"
    page = open_live(window)
    start(page)
    expect(state(page)).to_contain_text("Recognition does not answer", timeout=20_000)
    expect(state(page)).to_contain_text("Saved to")


def test_a_demo_dictation_takes_the_way_of_the_microphone(clinic, window, browser_arguments, monkeypatch):
    monkeypatch.setattr("inference.views.live.knows_demo_voices_only", lambda model: True)
    folder = data_path("demo/dictations")
    folder.mkdir(parents=True)
    wav = browser_arguments[3].split("=", 1)[1].removesuffix("%noloop")
    shutil.copy(wav, folder / "one.wav")
    (folder / "one.txt").write_text("病人今天血壓一百四十")
    page = open_live(window)
    expect(page.get_by_text("understands the synthetic demo voices only")).to_be_visible()
    page.get_by_role("button", name="Play instead of the microphone").click()
    expect(final_lines(page)).to_have_text([TEXT, TEXT], timeout=20_000)
    expect(state(page)).to_contain_text("Finished", timeout=20_000)
    expect(page.locator(".live-reference")).to_have_text("病人今天血壓一百四十")
    expect(page.get_by_role("link", name="Open the recording")).to_be_visible(timeout=20_000)
    sound = stored_sound(LiveSession.objects.select_related("recording").get())
    assert heard_within(np.frombuffer(sound, np.int16), spoken())


def test_two_clinicians_dictate_at_the_same_time(clinic, window, window_of):
    pages = [open_live(window), open_live(window_of(make_user(Role.CLINICIAN)))]
    for page in pages:
        start(page)
    for page in pages:
        expect(final_lines(page).first).to_have_text(TEXT, timeout=20_000)
    assert LiveSession.objects.values("user").distinct().count() == 2
    assert threading.active_count() < 60


def test_the_microphone_is_chosen_and_remembered(window):
    window.add_init_script(
        "const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);"
        "navigator.mediaDevices.getUserMedia = async (wanted) => (window.heard = await real(wanted));"
    )
    page = open_live(window)
    choice = page.get_by_label("Microphone", exact=True)
    expect(choice.locator("option")).not_to_have_count(1)
    last = choice.locator("option").last.inner_text()
    start(page)
    expect(page.get_by_role("button", name="Pause")).to_be_enabled()
    choice.select_option(label=last)
    expect(page.locator("[data-live=hint]")).to_have_text(f"Now listening to: {last}")
    page.evaluate("heard.getAudioTracks()[0].dispatchEvent(new Event('ended'))")  # unplugged
    expect(page.locator("[data-live=hint]")).to_have_text(re.compile("Now listening to: (?!.*2)"))
    expect(page.get_by_role("button", name="Pause")).to_be_enabled()
    page.get_by_role("button", name="Finish").click()
    expect(state(page)).to_contain_text("Finished", timeout=20_000)
    page.reload()
    expect(choice.locator("option:checked")).to_have_text(last)
